package tablet

import (
	"bufsim/sim"
	"bufsim/sim/trace"
)

// drain ends what the tablet does for clients: open transactions may finish, then requests
// under way, and the grace period's end kills what is left.
// spec: T-30
func (sm *stateManager) drain() {
	sm.emitDrain("begin")
	sm.setAction(actionInProgress)
	grace := sm.startGrace(true)
	defer grace.cancel()
	sm.work(&sm.t.opts.Timings.CloseServices)
	sm.t.qs.tx.close()
	sm.killed("streams", sm.t.qs.killStreams())
	sm.emitDrain("requests")
	sm.waitForRequests(grace)
	sm.emitDrain("end")
}

// setAction tells all query lists what to do with newcomers.
func (sm *stateManager) setAction(a clusterAction) {
	sm.lists.setAction(a)
	if s := sm.t.qs.existingStreams(); s != nil {
		s.list.setAction(a)
	}
}

func (sm *stateManager) emitDrain(phase string) {
	if !sm.env.Tracing() {
		return
	}
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.env.Emit(KindDrain, trace.Str("phase", phase), trace.Int("outstanding", int64(sm.requests)),
		trace.Int("transactions", int64(sm.t.qs.tx.pool.count())))
}

// grace is the goroutine that ends the shutdown grace period.
type grace struct {
	cancel func()
	// over happens when the kills were issued; nil without a grace period.
	over *sim.Event
}

// startGrace kills running queries when the grace period ends, counted from now: all of
// them, or only those outside of transactions. Without a grace period it does nothing.
// spec: T-31, T-24
func (sm *stateManager) startGrace(all bool) *grace {
	period := sm.t.opts.Flags.VTTablet.ShutdownGracePeriod
	if period <= 0 {
		return &grace{cancel: func() {}}
	}
	ctx, cancel := sm.env.WithCancel(sm.env.Background())
	g := &grace{cancel: cancel, over: sm.env.NewEvent("grace-over")}
	sm.env.GoDaemon("grace", func() {
		defer g.over.Set()
		if sm.env.SleepCtx(ctx, period) != nil {
			return
		}
		if all {
			sm.setAction(actionNoQueries)
		}
		sm.killed("stateless", sm.lists.stateless.terminateAll())
		if all {
			sm.killed("stateful", sm.lists.stateful.terminateAll())
		}
	})
	return g
}

// waitForRequests ends a drain. With a grace period, from v20 on, a single request
// outstanding at this moment makes it wait for the whole period; else it waits for the
// requests themselves.
// spec: T-33, T-34, T-131
func (sm *stateManager) waitForRequests(g *grace) {
	sm.mu.Lock()
	if sm.requests == 0 {
		sm.mu.Unlock()
		return
	}
	if g.over != nil && sm.t.behaviors.DrainWaitsForGrace {
		sm.mu.Unlock()
		g.over.Wait()
		return
	}
	if sm.noRequests == nil {
		sm.noRequests = sm.env.NewEvent("no-requests")
	}
	none := sm.noRequests
	sm.waiters++
	sm.mu.Unlock()
	none.Wait()
	sm.mu.Lock()
	sm.waiters--
	sm.mu.Unlock()
}
