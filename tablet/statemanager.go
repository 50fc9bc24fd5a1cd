package tablet

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// stateManager owns the serving state: what is true, what is wanted, and the way between.
// spec: T-11
type stateManager struct {
	t   *Tablet
	env *sim.Env
	// transitioning admits one transition at a time.
	transitioning *sim.Semaphore
	health        *healthStreamer
	tracker       *replicationTracker
	disk          *diskMonitor // nil without a disk to probe
	lists         *queryLists
	rnd           *sim.Rand // guarded by mu

	mu        *sim.Mutex
	state     ServingState
	target    query.Target
	wantState ServingState
	wantType  topodata.TabletType
	term      topodata.Timestamp
	reason    string
	// failure is why the latest transition failed, nil once one worked.
	failure    error
	retrying   bool
	healthy    bool // replication
	lameduck   bool
	stalled    bool // demotion
	alsoAllow  []topodata.TabletType
	requests   int
	waiters    int
	noRequests *sim.Event // there while somebody waits for requests to become zero
	// checkedAt is when MySQL was last checked; checked says whether it ever was.
	checkedAt sim.Time
	checked   bool
	checking  bool
}

func newStateManager(t *Tablet) *stateManager {
	env := t.env.Named("sm")
	sm := &stateManager{
		t: t, env: env, transitioning: env.NewSemaphore("transitioning", 1), mu: env.NewMutex("mu"),
		target: query.Target{Keyspace: t.opts.Keyspace, Shard: t.opts.Shard, Cell: t.opts.Alias.Cell},
		rnd:    env.Rand("tablet/" + t.opts.Alias.String()),
	}
	sm.health = newHealthStreamer(sm)
	sm.tracker = &replicationTracker{t: t, beats: newHeartbeats(t)}
	sm.disk = newDiskMonitor(t)
	sm.lists = newQueryLists(env)
	return sm
}

// SetServingType tells the tablet what to be, and blocks until it is, behind a transition
// that runs already. It is not cancellable. An error means that the wish stays and is tried
// again every second.
// spec: T-20, T-29, T-138
func (sm *stateManager) SetServingType(to topodata.TabletType, term topodata.Timestamp, want ServingState, reason string) error {
	defer sm.exitLameduck()
	sm.health.open()
	if to == topodata.Restore || to == topodata.Backup {
		want = NotConnected
	}
	_ = sm.transitioning.Acquire(nil) // a nil context waits without limit and without error
	if !sm.wish(to, term, want, reason) {
		sm.transitioning.Release()
		return nil
	}
	return sm.execTransition(to, want)
}

// wish records what is wanted and reports whether that needs a transition. From here on new
// requests are refused if the wish is not to serve; nothing is broadcast.
// spec: T-20.4, T-20.5, T-148
func (sm *stateManager) wish(to topodata.TabletType, term topodata.Timestamp, want ServingState, reason string) bool {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.wantType, sm.wantState, sm.term, sm.reason = to, want, term, reason
	sm.env.Emit(KindWant, trace.Str("type", to.String()), trace.Str("state", want.String()), trace.Str("reason", reason))
	return sm.target.TabletType != to || sm.state != want
}

// execTransition runs one transition and gives the transition semaphore back.
func (sm *stateManager) execTransition(to topodata.TabletType, want ServingState) error {
	defer sm.transitioning.Release()
	var err error
	switch {
	case want == NotConnected:
		sm.closeAll(to)
	case want == Serving && to == topodata.Primary:
		err = sm.servePrimary()
	case want == Serving:
		err = sm.serveNonPrimary(to)
	default:
		err = sm.unserve(to)
	}
	sm.mu.Lock()
	sm.failure = err
	sm.mu.Unlock()
	if err != nil {
		sm.env.Logf("error", "Error transitioning to the desired state: %v, %v, will keep retrying: %v", to, want, err)
		sm.env.Emit(KindTransitionFailed, trace.Str("type", to.String()), trace.Str("state", want.String()), trace.Str("error", err.Error()))
		sm.retryTransition()
	}
	return err
}

// retryTransition starts the loop that tries again, unless it runs.
// spec: T-21
func (sm *stateManager) retryTransition() {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	if sm.retrying {
		return
	}
	sm.retrying = true
	sm.env.GoDaemon("retry", func() {
		for done := false; !done; done = sm.recheck() {
			sm.env.Sleep(transitionRetryInterval)
		}
	})
}

// recheck reports whether wish and reality agree; if not, and no transition runs, it starts
// one with the latest wish.
func (sm *stateManager) recheck() bool {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	if sm.wantState == sm.state && sm.wantType == sm.target.TabletType {
		sm.retrying = false
		return true
	}
	if sm.transitioning.TryAcquire() {
		to, want := sm.wantType, sm.wantState
		sm.env.GoDaemon("retry-transition", func() { _ = sm.execTransition(to, want) }) // it keeps its error itself
	}
	return false
}

// setState ends a transition.
// spec: T-27, T-28
func (sm *stateManager) setState(to topodata.TabletType, state ServingState) {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.applyGrace(to)
	was := sm.state
	sm.target.TabletType = to
	if was == NotConnected {
		sm.refreshReplicationHealth()
	}
	sm.state = state
	sm.env.Emit(KindState, trace.Str("type", to.String()), trace.Str("state", state.String()), trace.Int("pts", int64(sm.term)))
	sm.env.Logf("info", "TabletServer transition: %v -> %v for tablet %s:%s", was, state, sm.target, sm.reason)
	sm.health.trigger()
}

// applyGrace lets requests for the old type in for a while after a promotion.
// spec: T-28
func (sm *stateManager) applyGrace(to topodata.TabletType) {
	if to != topodata.Primary {
		sm.alsoAllow = nil
		return
	}
	grace := sm.t.opts.Flags.VTTablet.ServingStateGracePeriod
	if grace <= 0 || sm.target.TabletType == topodata.Primary || sm.target.TabletType == topodata.Unknown {
		return
	}
	sm.alsoAllow = []topodata.TabletType{sm.target.TabletType}
	sm.env.GoDaemon("end-grace", func() {
		sm.env.Sleep(grace)
		sm.mu.Lock()
		defer sm.mu.Unlock()
		sm.alsoAllow = nil
	})
}

func (sm *stateManager) exitLameduck() { sm.setLameduck(false) }

func (sm *stateManager) setLameduck(on bool) {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.lameduck = on
}

// setDemotionStalled raises or clears the alarm of a demotion that hangs, and broadcasts;
// the broadcast does not restart the timer.
// spec: T-72, T-144
func (sm *stateManager) setDemotionStalled(on bool) {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.stalled = on
	sm.broadcastLocked()
}

// isServing reports whether the tablet serves and is meant to.
func (sm *stateManager) isServing() bool {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return sm.state == Serving && sm.wantState == Serving
}
