package tablet

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// semiSyncMonitor looks for commits that wait for acknowledgements although replicas may be
// back, and writes rows that let them go.
// spec: T-118, T-118a
type semiSyncMonitor struct {
	tm  *tabletManager
	env *sim.Env
	mu  *sim.Mutex
	// writes counts the monitor's own writes that have not returned; serial numbers them.
	writes int
	serial int64
}

// semiSyncWritesMax is how many of its own writes the monitor lets hang.
const semiSyncWritesMax = 15

// semiSyncTable is where the monitor writes.
const semiSyncTable = topodata.SidecarDBNameDefault + ".semisync_heartbeat"

func newSemiSyncMonitor(tm *tabletManager) *semiSyncMonitor {
	env := tm.env.Named("semi-sync-monitor")
	return &semiSyncMonitor{tm: tm, env: env, mu: env.NewMutex("mu")}
}

// run watches a primary with semi-sync for ever.
func (m *semiSyncMonitor) run() {
	interval := m.tm.t.opts.Flags.VTTablet.SemiSyncMonitorInterval
	if interval <= 0 {
		return
	}
	for {
		m.env.Sleep(interval)
		for m.tm.self().Type == topodata.Primary && m.stuck() {
			m.write()
		}
	}
}

// stuck takes two samples and reports whether commits waited in both and none was
// acknowledged in between.
func (m *semiSyncMonitor) stuck() bool {
	before, err := m.tm.t.mysql.SemiSync()
	if err != nil || before.Waiting == 0 {
		return false
	}
	m.env.Sleep(m.tm.t.opts.Flags.VTTablet.SemiSyncMonitorInterval / 10)
	after, err := m.tm.t.mysql.SemiSync()
	return err == nil && after.Waiting > 0 && after.Acknowledged == before.Acknowledged
}

// write writes a row in the background, unless too many writes hang already.
func (m *semiSyncMonitor) write() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writes >= semiSyncWritesMax {
		return
	}
	m.writes++
	m.serial++
	serial := m.serial
	m.env.GoDaemon("write", func() {
		defer m.returned()
		st := query.Statement{Verb: query.VerbReplace, Table: semiSyncTable, Key: 1, Value: serial}
		_ = m.tm.execute(m.env.Background(), st) // read-only or dead: nothing waits any more
	})
}

func (m *semiSyncMonitor) returned() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes--
}

// isBlocked reports whether as many of the monitor's own writes hang as it dares.
func (m *semiSyncMonitor) isBlocked() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes >= semiSyncWritesMax
}

// waitUntilUnblocked writes and waits until no commit waits any more or ctx ends.
// spec
func (m *semiSyncMonitor) waitUntilUnblocked(ctx *sim.Context) error {
	for {
		state, err := m.tm.t.mysql.SemiSync()
		if err != nil || state.Waiting == 0 {
			return err
		}
		m.write()
		if err := m.env.SleepCtx(ctx, m.tm.t.opts.Flags.VTTablet.SemiSyncMonitorInterval/10); err != nil {
			return err
		}
	}
}
