package tablet

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// Terminate ends the process in an orderly way, as SIGTERM does, and returns when it is
// over; whoever runs the process then takes its host down. For --onterm-timeout nothing but
// new calls is refused, since the health streams keep the server from ending: the tablet
// still advertises that it serves.
// spec: T-90, T-91
func (t *Tablet) Terminate() {
	if !t.stopping.Set() {
		t.stopped.Wait()
		return
	}
	t.env.Logf("info", "Entering lameduck mode for at least %v", t.opts.Flags.Common.LameduckPeriod)
	t.env.Emit(KindLife, trace.Str("what", "term"), trace.Str("error", ""))
	t.node.StopListening()
	t.env.Sleep(max(t.opts.Flags.Common.OnTermTimeout, t.opts.Flags.Common.LameduckPeriod))
	closed := t.env.NewEvent("closed")
	t.env.GoDaemon("on-close", func() {
		t.sm.stopService()
		t.tm.retire()
		closed.Set()
	})
	t.env.Select(t.env.After(t.opts.Flags.Common.OnCloseTimeout), sim.OnEvent(closed))
	t.node.CloseConns()
	t.env.Emit(KindLife, trace.Str("what", "stopped"), trace.Str("error", ""))
	t.stopped.Set()
}

// crash ends the process on its own account and at once, as a fatal error does: nobody is
// told but by broken connections. Whoever runs the process then takes its host down.
func (t *Tablet) crash() {
	t.stopping.Set()
	t.node.StopListening()
	t.node.CloseConns()
	t.env.Emit(KindLife, trace.Str("what", "crashed"), trace.Str("error", "shutdown took too long"))
	t.stopped.Set()
}

// stopService drains, lets MySQL go and ends all health streams.
// spec: T-143
func (sm *stateManager) stopService() {
	sm.mu.Lock()
	own := sm.target.TabletType
	sm.mu.Unlock()
	_ = sm.SetServingType(own, 0, NotConnected, "service stopped") // closing does not fail
	sm.health.close()
}

// retire prunes the tablet's record; type and term stay.
// spec: T-89, O-73
func (tm *tabletManager) retire() {
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	now := topodata.Timestamp(tm.env.Wall())
	_, err := tm.t.topo.UpdateTabletFields(ctx, tm.t.opts.Alias, func(r *topodata.Tablet) error {
		r.Hostname, r.MySQLHostname, r.PortMap, r.TabletStartTime = "", "", topodata.PortMap{}, 0
		r.TabletShutdownTime = now
		return nil
	})
	if err != nil {
		tm.env.Logf("warning", "failed to prune the tablet record: %v", err)
	}
}
