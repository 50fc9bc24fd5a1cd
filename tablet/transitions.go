package tablet

import (
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// servePrimary makes the tablet a serving primary.
// spec: T-22, T-136
func (sm *stateManager) servePrimary() error {
	if err := sm.connect(); err != nil {
		return err
	}
	if err := sm.syncSidecar(); err != nil {
		return err
	}
	sm.tracker.makePrimary()
	sm.work(&sm.t.opts.Timings.ServePrimary)
	sm.killed("stateful", sm.lists.stateful.terminateAll())
	sm.t.qs.tx.acceptReadWrite()
	sm.setAction(actionNone)
	sm.setState(topodata.Primary, Serving)
	return nil
}

// serveNonPrimary makes the tablet serve as another type. A transaction engine that was
// read-write waits for its transactions, as in a drain.
// spec: T-24
func (sm *stateManager) serveNonPrimary(to topodata.TabletType) error {
	sm.setAction(actionInProgress)
	grace := sm.startGrace(false)
	defer grace.cancel()
	if err := sm.connect(); err != nil {
		return err
	}
	sm.t.qs.tx.acceptReadOnly()
	sm.tracker.makeNonPrimary()
	sm.work(&sm.t.opts.Timings.ServeReplica)
	grace.cancel()
	sm.setAction(actionNone)
	sm.setState(to, Serving)
	return nil
}

// unserve drains and stays connected; a demoted primary keeps its type.
// spec: T-23, T-25, T-133
func (sm *stateManager) unserve(to topodata.TabletType) error {
	sm.drain()
	if err := sm.connect(); err != nil {
		return err
	}
	if to == topodata.Primary {
		sm.tracker.makePrimary()
	} else {
		sm.tracker.makeNonPrimary()
	}
	sm.setState(to, NotServing)
	return nil
}

// closeAll drains and lets MySQL go. If that takes longer than ten query pool timeouts, the
// process dies; without such a timeout, which is the default, it waits.
// spec: T-26
func (sm *stateManager) closeAll(to topodata.TabletType) {
	defer sm.setTimeBomb()()
	sm.drain()
	sm.tracker.close()
	sm.t.qs.closePools()
	sm.setState(to, NotConnected)
}

// closeBombFactor times the query pool timeout is how long a closing may take. spec: T-26
const closeBombFactor = 10

// setTimeBomb ends the process unless it is defused in time.
func (sm *stateManager) setTimeBomb() (defuse func()) {
	limit := closeBombFactor * sm.t.opts.Flags.VTTablet.QueryPoolTimeout
	if limit <= 0 {
		return func() {}
	}
	timer := sm.env.AfterFunc(limit, "close-bomb", func() { sm.t.env.GoDaemon("crash", sm.t.crash) })
	return func() { timer.Stop() }
}

// connect verifies that MySQL answers and opens the pools.
func (sm *stateManager) connect() error {
	if err := sm.t.mysql.Ping(); err != nil {
		return err
	}
	sm.t.qs.openPools()
	return nil
}

// work lets the time of some step pass.
func (sm *stateManager) work(d *sim.Dist) {
	if cost := sm.draw(d); cost > 0 {
		sm.env.Sleep(cost)
	}
}

// draw gives the next duration; the distribution is read under the lock, since it can change.
func (sm *stateManager) draw(d *sim.Dist) time.Duration {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return d.Draw(sm.rnd)
}

func (sm *stateManager) killed(what string, n int) {
	if n > 0 {
		sm.env.Emit(KindKill, trace.Str("what", what), trace.Int("n", int64(n)))
	}
}

// checkMySQL looks after MySQL when a connection failed: if it does not answer, the tablet
// lets go and tries to serve again every second. At most one check runs in a second.
// spec: T-60, T-139
func (sm *stateManager) checkMySQL() {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	now := sm.env.Now()
	if sm.checking || sm.checked && now.Sub(sm.checkedAt) < mysqlCheckInterval {
		return
	}
	sm.checking = true
	sm.env.GoDaemon("check-mysql", func() {
		defer sm.endCheck()
		if sm.t.mysql.Ping() == nil || !sm.transitioning.TryAcquire() {
			return
		}
		sm.loseMySQL()
	})
}

func (sm *stateManager) endCheck() {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.checking, sm.checked, sm.checkedAt = false, true, sm.env.Now()
}

// loseMySQL closes everything and leaves the wish to serve to the retry loop; the caller
// has the transition semaphore.
func (sm *stateManager) loseMySQL() {
	sm.mu.Lock()
	to, want := sm.wantType, sm.wantState
	sm.wantState = NotConnected
	sm.mu.Unlock()
	sm.env.Logf("error", "Cannot connect to MySQL, shutting down query service")
	sm.closeAll(to)
	sm.mu.Lock()
	if sm.wantState == NotConnected {
		sm.wantState = want
	}
	sm.mu.Unlock()
	sm.transitioning.Release()
	sm.retryTransition()
}
