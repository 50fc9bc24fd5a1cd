package gateway

import (
	"cmp"
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/sim"
)

// TargetStatus is one row of the gateway's status table. spec: G-91
type TargetStatus struct {
	Target query.Target
	// Sent and Errors count inner calls, not requests.
	Sent, Errors int64
	// LastMinute is how many calls ended in the last minute, and Latency their mean.
	LastMinute int64
	Latency    time.Duration
}

// secondsKept is the time over which the status page averages.
const secondsKept = 60

// statusTable keeps one row for each target that was used.
type statusTable struct {
	env  *sim.Env
	mu   *sim.Mutex
	rows map[query.Target]*targetRow
}

type targetRow struct {
	sent, errors int64
	seconds      [secondsKept]second
}

// second sums the calls that ended in one second.
type second struct {
	at    int64
	calls int64
	took  time.Duration
}

func newStatusTable(env *sim.Env) *statusTable {
	return &statusTable{env: env, mu: env.NewMutex("status"), rows: map[query.Target]*targetRow{}}
}

func (t *statusTable) add(target query.Target, took time.Duration, err error) {
	now := int64(t.env.Now()) / int64(time.Second)
	target.Cell = ""
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.rows[target]
	if row == nil {
		row = &targetRow{}
		t.rows[target] = row
	}
	row.sent++
	if err != nil {
		row.errors++
	}
	s := &row.seconds[now%secondsKept]
	if s.at != now {
		*s = second{at: now}
	}
	s.calls++
	s.took += took
}

// Status lists the targets that were used, sorted. spec: G-91
func (g *TabletGateway) Status() []TargetStatus {
	t := g.stats
	now := int64(t.env.Now()) / int64(time.Second)
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []TargetStatus
	for target, row := range t.rows { // order-free: sorted below
		s := TargetStatus{Target: target, Sent: row.sent, Errors: row.errors}
		var took time.Duration
		for _, sec := range row.seconds {
			if sec.calls > 0 && now-sec.at < secondsKept {
				s.LastMinute += sec.calls
				took += sec.took
			}
		}
		if s.LastMinute > 0 {
			s.Latency = took / time.Duration(s.LastMinute)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b TargetStatus) int {
		return cmp.Or(cmp.Compare(a.Target.Keyspace, b.Target.Keyspace), cmp.Compare(a.Target.Shard, b.Target.Shard),
			cmp.Compare(a.Target.TabletType, b.Target.TabletType))
	})
	return list
}
