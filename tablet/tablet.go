package tablet

import (
	"slices"

	"bufsim/model/durability"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// Tablet is one vttablet process.
type Tablet struct {
	env       *sim.Env
	node      *simnet.Node
	topo      *topo.Server
	mysql     *mysqld.Client
	opts      Options
	behaviors release.Behaviors
	tmc       *tmclient.Client
	sm        *stateManager
	qs        *queryService
	tm        *tabletManager
	// stopping happens at SIGTERM, stopped when the process is done.
	stopping, stopped *sim.Event
}

// New makes the process of a tablet on env's host; node is the host's, topology the
// process's view of the topology, and server the MySQL server beside it. Nothing runs
// before Start.
func New(env *sim.Env, node *simnet.Node, topology *topo.Server, server *mysqld.Server, opts Options) *Tablet {
	opts = opts.withDefaults()
	timings := *opts.Timings
	opts.Timings = &timings // of this process alone: SetTimings changes them
	t := &Tablet{
		env: env, node: node, topo: topology, mysql: server.Client(env), opts: opts, behaviors: opts.Release.Behaviors,
		tmc: tmclient.New(env, node), stopping: env.NewEvent("tablet.stopping"), stopped: env.NewEvent("tablet.stopped"),
	}
	t.sm = newStateManager(t)
	t.qs = newQueryService(t)
	t.tm = newTabletManager(t)
	return t
}

// Alias gives the tablet's alias.
func (t *Tablet) Alias() topodata.TabletAlias { return t.opts.Alias }

// Stopped happens when the process has ended after Terminate.
func (t *Tablet) Stopped() *sim.Event { return t.stopped }

// Status is what the process knows of itself.
type Status struct {
	Type    topodata.TabletType
	Term    topodata.Timestamp
	State   ServingState
	Want    ServingState
	Serving bool
	// Requests counts requests under way, Transactions open transactions and autocommit
	// writes.
	Requests, Transactions int
	// Failure is why the latest transition failed, nil if it worked.
	Failure error
	// AlsoAllow are the types admitted besides Type. spec: T-28
	AlsoAllow []topodata.TabletType
}

// Status gives the present state, for checkers and status pages.
func (t *Tablet) Status() Status {
	sm := t.sm
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return Status{
		Type: sm.target.TabletType, Term: sm.term, State: sm.state, Want: sm.wantState,
		Serving: sm.advertisedServing(), Requests: sm.requests, Transactions: t.qs.tx.pool.count(),
		Failure: sm.failure, AlsoAllow: slices.Clone(sm.alsoAllow),
	}
}

// Role is the tablet's type as somebody sees it who looks at the world from outside: unlike
// Status it takes no lock, so that it can be asked at any time. It must not be used in real
// time.
func (t *Tablet) Role() topodata.TabletType { return t.sm.target.TabletType }

// EnterLameduck stops advertising that the tablet serves, from the next health message on.
// Queries go on; any SetServingType ends it.
// spec: T-13, T-73, T-138
func (t *Tablet) EnterLameduck() { t.sm.setLameduck(true) }

// SetTimings changes the durations of the process's own work from now on.
func (t *Tablet) SetTimings(change func(*Timings)) {
	t.sm.mu.Lock()
	defer t.sm.mu.Unlock()
	change(t.opts.Timings)
}

// SetHealthDelivery says what becomes of the messages of health streams from now on.
func (t *Tablet) SetHealthDelivery(d HealthDelivery) { t.sm.health.setDelivery(d) }

// RequestHeartbeats asks for heartbeat rows, for as long as --heartbeat-on-demand-duration
// says; without that flag they are written all the time.
// spec: T-78
func (t *Tablet) RequestHeartbeats() {
	if b := t.sm.tracker.beats; b != nil {
		b.request()
	}
}

// RunHealthCheck asks for a health message now instead of at the next tick, as the
// operator's command of that name does. It does not wait for it.
// spec: T-27
func (t *Tablet) RunHealthCheck() { t.sm.health.trigger() }

// step records a step of a tablet manager call.
func (t *Tablet) step(call, step string, err error) {
	if !t.env.Tracing() {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	t.env.Emit(KindStep, trace.Str("call", call), trace.Str("step", step), trace.Str("error", text))
}

// member is what a durability policy looks at.
func member(t *topodata.Tablet) durability.Member {
	return durability.Member{Alias: t.Alias, Type: t.Type}
}
