package tablet

import (
	"errors"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet/tmclient"
)

// tabletManager changes what the tablet is, on behalf of operators and of its own loops.
type tabletManager struct {
	t   *Tablet
	env *sim.Env
	// action serialises the calls that change something. spec: T-80
	action  *sim.Semaphore
	monitor *semiSyncMonitor
	repairs *replicationManager
	peers   *shardHealth // nil unless it is tracked
	// syncWake wakes the shard-sync loop.
	syncWake *sim.Chan[struct{}]

	mu *sim.Mutex
	// record is the tablet's record as this process wants it.
	record     topodata.Tablet
	publishing bool
	// disabled are the types whose query service the serving record switches off.
	disabled []topodata.TabletType
}

func newTabletManager(t *Tablet) *tabletManager {
	env := t.env.Named("tm")
	tm := &tabletManager{
		t: t, env: env, action: env.NewSemaphore("action", 1), mu: env.NewMutex("mu"),
		syncWake: sim.NewChan[struct{}](env, "shard-sync", 1),
	}
	tm.monitor = newSemiSyncMonitor(tm)
	tm.repairs = newReplicationManager(tm)
	if t.behaviors.TabletHealthQuorum && t.opts.Flags.VTTablet.TrackShardTabletHealth {
		tm.peers = newShardHealth(tm)
	}
	return tm
}

// self gives a copy of the tablet's record as this process wants it.
func (tm *tabletManager) self() topodata.Tablet {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	return tm.record.Clone()
}

// errPoolExpired is what a query of the tablet's own gives when its caller is gone.
var errPoolExpired = errors.New("connection pool context already expired")

// alive fails if the caller is gone; steps that take their connection with the call's
// context check it.
// spec: R-31
func alive(ctx *sim.Context) error {
	if ctx.Err() != nil {
		return errPoolExpired
	}
	return nil
}

// call is one method of the tablet manager.
type call func(ctx *sim.Context, req any) (any, error)

// serve puts a method on the network. A locked one waits for the action semaphore, as long
// as its context lasts. Errors get the release's form.
// spec: T-80, R-9
func (tm *tabletManager) serve(node *simnet.Node, method string, locked bool, run call) {
	name, alias := tmclient.Name(method), tm.t.opts.Alias.String()
	node.Handle(method, func(ctx *sim.Context, req any) (any, error) {
		if tm.t.stopping.IsSet() {
			return nil, vterr.DialRefused(tm.t.address())
		}
		resp, err := tm.run(ctx, name, locked, req, run)
		return resp, vterr.FromTabletManager(err, name, alias, tm.t.behaviors)
	})
}

func (tm *tabletManager) run(ctx *sim.Context, name string, locked bool, req any, run call) (any, error) {
	if !locked {
		return run(ctx, req)
	}
	if err := tm.action.Acquire(ctx); err != nil {
		return nil, err
	}
	defer tm.action.Release()
	tm.t.step(name, "begin", nil)
	resp, err := run(ctx, req)
	tm.t.step(name, "end", err)
	return resp, err
}

// register puts the tablet manager on the network.
func (tm *tabletManager) register(node *simnet.Node) {
	const locked, free = true, false
	tm.serve(node, tmclient.MethodPing, free, done(func(*sim.Context, any) error { return nil }))
	tm.serve(node, tmclient.MethodReplicationStatus, free, tm.replicationStatus)
	tm.serve(node, tmclient.MethodPrimaryStatus, free, tm.primaryStatus)
	tm.serve(node, tmclient.MethodPrimaryPosition, free, tm.primaryPosition)
	tm.serve(node, tmclient.MethodFullStatus, free, tm.fullStatus)
	tm.serve(node, tmclient.MethodGetGlobalStatusVars, free, done(tm.globalStatusVars))
	tm.serve(node, tmclient.MethodWaitForPosition, free, done(func(ctx *sim.Context, req any) error {
		return tm.waitForPosition(ctx, req.(tmclient.WaitForPositionRequest).Position)
	}))
	tm.serve(node, tmclient.MethodPopulateReparentJournal, free, done(func(ctx *sim.Context, req any) error {
		return tm.populateReparentJournal(ctx, req.(tmclient.PopulateReparentJournalRequest))
	}))
	tm.serve(node, tmclient.MethodReadReparentJournalInfo, free, tm.readReparentJournalInfo)
	tm.serve(node, tmclient.MethodExecuteFetchAsDBA, free, done(func(ctx *sim.Context, req any) error {
		return tm.execute(ctx, query.Statement{Verb: query.VerbDDL, SQL: req.(tmclient.ExecuteFetchAsDBARequest).SQL})
	}))

	tm.serve(node, tmclient.MethodChangeType, locked, done(func(ctx *sim.Context, req any) error {
		return tm.changeTypeCall(ctx, req.(tmclient.ChangeTypeRequest))
	}))
	tm.serve(node, tmclient.MethodRefreshState, locked, done(func(ctx *sim.Context, _ any) error { return tm.refreshState(ctx) }))
	tm.serve(node, tmclient.MethodSetReadOnly, locked, done(func(*sim.Context, any) error { return tm.setReadOnly(true) }))
	tm.serve(node, tmclient.MethodSetReadWrite, locked, done(func(*sim.Context, any) error { return tm.setReadOnly(false) }))
	tm.serve(node, tmclient.MethodStopReplication, locked, done(func(*sim.Context, any) error { return tm.stopReplication() }))
	tm.serve(node, tmclient.MethodStartReplication, locked, done(func(_ *sim.Context, req any) error {
		return tm.startReplication(req.(tmclient.SemiSyncRequest).SemiSync)
	}))
	tm.serve(node, tmclient.MethodRestartReplication, locked, done(func(_ *sim.Context, req any) error {
		return tm.restartReplication(req.(tmclient.SemiSyncRequest).SemiSync)
	}))
	tm.serve(node, tmclient.MethodStopReplicationAndGetStatus, locked, tm.stopReplicationAndGetStatus)
	tm.serve(node, tmclient.MethodResetReplication, locked, done(func(*sim.Context, any) error { return tm.resetReplication() }))
	tm.serve(node, tmclient.MethodResetReplicationParameters, locked, done(func(*sim.Context, any) error { return tm.resetReplicationParameters() }))
	tm.serve(node, tmclient.MethodInitPrimary, locked, func(ctx *sim.Context, req any) (any, error) {
		return tm.initPrimary(ctx, req.(tmclient.SemiSyncRequest).SemiSync)
	})
	tm.serve(node, tmclient.MethodInitReplica, locked, done(func(ctx *sim.Context, req any) error {
		return tm.initReplica(ctx, req.(tmclient.InitReplicaRequest))
	}))
	tm.serve(node, tmclient.MethodDemotePrimary, locked, func(ctx *sim.Context, req any) (any, error) {
		return tm.demotePrimary(ctx, true, req.(tmclient.DemotePrimaryRequest).Force)
	})
	tm.serve(node, tmclient.MethodUndoDemotePrimary, locked, done(func(ctx *sim.Context, req any) error {
		return tm.undoDemotePrimary(ctx, req.(tmclient.SemiSyncRequest).SemiSync)
	}))
	tm.serve(node, tmclient.MethodPromoteReplica, locked, func(ctx *sim.Context, req any) (any, error) {
		return tm.promoteReplica(ctx, req.(tmclient.SemiSyncRequest).SemiSync)
	})
	tm.serve(node, tmclient.MethodSetReplicationSource, locked, done(func(ctx *sim.Context, req any) error {
		if err := tm.semiSyncLoaded(); err != nil {
			return err
		}
		r := req.(tmclient.SetReplicationSourceRequest)
		return tm.setReplicationSource(ctx, r, sides(r.SemiSync))
	}))
}

// done makes a method of one that has no result.
func done(run func(ctx *sim.Context, req any) error) call {
	return func(ctx *sim.Context, req any) (any, error) { return tmclient.Empty{}, run(ctx, req) }
}
