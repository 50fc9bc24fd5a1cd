package reparent

import (
	"time"

	"bufsim/model/durability"
	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// What the operations and commands need of the topology.
type (
	shardLocks interface {
		LockShard(ctx *sim.Context, keyspace, shard, action string) (lockCtx *sim.Context, unlock func(*error), err error)
		CheckShardLocked(ctx *sim.Context, keyspace, shard string) error
	}
	records interface {
		GetKeyspace(ctx *sim.Context, keyspace string) (*topodata.Keyspace, error)
		GetShard(ctx *sim.Context, keyspace, shard string) (*topodata.Shard, error)
		GetTablet(ctx *sim.Context, alias topodata.TabletAlias) (*topodata.Tablet, error)
		UpdateShardFields(ctx *sim.Context, keyspace, shard string, update func(*topodata.Shard) error) (*topodata.Shard, error)
	}
	tabletLists interface {
		GetTabletMapForShard(ctx *sim.Context, keyspace, shard string) ([]*topodata.Tablet, error)
		GetTabletsByCell(ctx *sim.Context, cell string) ([]*topodata.Tablet, error)
		GetCellNames(ctx *sim.Context) ([]string, error)
	}
	topoServer interface {
		shardLocks
		records
		tabletLists
	}
)

// The calls to tablets, by what they are for. A call blocks until the tablet answers or ctx
// ends; errors are statuses as the tablet's release words them.
type (
	electionCalls interface {
		GetGlobalStatusVars(ctx *sim.Context, tablet topodata.TabletAlias) error
		ReplicationStatus(ctx *sim.Context, tablet topodata.TabletAlias) (tmclient.ReplicationStatus, error)
	}
	demotionCalls interface {
		PrimaryPosition(ctx *sim.Context, tablet topodata.TabletAlias) (gtid.Set, error)
		DemotePrimary(ctx *sim.Context, tablet topodata.TabletAlias, force bool) (tmclient.PrimaryStatus, error)
		UndoDemotePrimary(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) error
		WaitForPosition(ctx *sim.Context, tablet topodata.TabletAlias, position gtid.Set) error
	}
	promotionCalls interface {
		PromoteReplica(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) (gtid.Set, error)
		InitPrimary(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) (gtid.Set, error)
		SetReadWrite(ctx *sim.Context, tablet topodata.TabletAlias) error
		RefreshState(ctx *sim.Context, tablet topodata.TabletAlias) error
		PopulateReparentJournal(ctx *sim.Context, tablet topodata.TabletAlias, req tmclient.PopulateReparentJournalRequest) error
	}
	replicaCalls interface {
		SetReplicationSource(ctx *sim.Context, tablet topodata.TabletAlias, req tmclient.SetReplicationSourceRequest) error
		StopReplicationAndGetStatus(ctx *sim.Context, tablet topodata.TabletAlias) (tmclient.StopReplicationStatus, error)
		ReadReparentJournalInfo(ctx *sim.Context, tablet topodata.TabletAlias) (tmclient.ReparentJournalInfo, error)
	}
	freshShardCalls interface {
		ResetReplication(ctx *sim.Context, tablet topodata.TabletAlias) error
		InitReplica(ctx *sim.Context, tablet topodata.TabletAlias, req tmclient.InitReplicaRequest) error
		ExecuteFetchAsDBA(ctx *sim.Context, tablet topodata.TabletAlias, sql string) error
	}
	operatorCalls interface {
		ChangeType(ctx *sim.Context, tablet topodata.TabletAlias, to topodata.TabletType, semiSync bool) error
		SetReadOnly(ctx *sim.Context, tablet topodata.TabletAlias) error
		StartReplication(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) error
		StopReplication(ctx *sim.Context, tablet topodata.TabletAlias) error
	}
	tabletManager interface {
		electionCalls
		demotionCalls
		promotionCalls
		replicaCalls
		freshShardCalls
		operatorCalls
	}
)

// Options are the release and the flags of the operator's process. Zero parts take the
// defaults: the latest release, and that release's flags.
type Options struct {
	Release release.Profile
	Common  flags.Common
	VTCtld  flags.VTCtld
}

func (o Options) withDefaults() Options {
	if o.Release.Name == "" {
		o.Release = release.Latest()
	}
	defaults := flags.Defaults(o.Release)
	if o.Common == (flags.Common{}) {
		o.Common = defaults.Common
	}
	if o.VTCtld == (flags.VTCtld{}) {
		o.VTCtld = defaults.VTCtld
	}
	return o
}

// Reparenter runs reparent operations in the operator's process (vtctld). It is safe for use
// by many procs; operations on one shard exclude each other by the shard lock.
type Reparenter struct {
	env    *sim.Env
	ts     topoServer
	tm     tabletManager
	opts   Options
	counts *counts
}

// New returns a Reparenter that works through a view of the topology (a *topo.Server) and a
// tablet manager client (a *tmclient.Client). It never blocks.
func New(env *sim.Env, ts topoServer, tm tabletManager, opts Options) *Reparenter {
	env = env.Named("reparent")
	return &Reparenter{env: env, ts: ts, tm: tm, opts: opts.withDefaults(), counts: newCounts(env)}
}

func (r *Reparenter) behaviors() release.Behaviors { return r.opts.Release.Behaviors }

// withROT bounds a single remote call. spec: R-7
func (r *Reparenter) withROT(ctx *sim.Context) (*sim.Context, func()) {
	return r.env.WithTimeout(ctx, r.opts.Common.RemoteOperationTimeout)
}

// withActionTimeout bounds a whole command. spec: R-7
func (r *Reparenter) withActionTimeout(ctx *sim.Context) (*sim.Context, func()) {
	return r.env.WithTimeout(ctx, r.opts.VTCtld.ActionTimeout)
}

// waitReplicasTimeout gives the WRT: what the operator asked for, else the flag, else what the
// server takes if a caller asks for none. spec: R-7
func (r *Reparenter) waitReplicasTimeout(asked time.Duration) time.Duration {
	switch flag := r.opts.VTCtld.WaitReplicasTimeout; {
	case asked != 0:
		return asked
	case flag != 0:
		return flag
	default:
		return waitReplicasTimeoutUnset
	}
}

// policy reads the keyspace's durability policy.
// MODEL: before v14, when tablets had -enable_semi_sync instead, the record stands for it.
func (r *Reparenter) policy(ctx *sim.Context, keyspace string) (durability.Policy, error) {
	record, err := r.ts.GetKeyspace(ctx, keyspace)
	if err != nil {
		return durability.Policy{}, err
	}
	return durability.Lookup(record.DurabilityPolicy)
}

// checkLock makes sure that the operation still holds the shard lock; it also renews it.
// While the topology is down it blocks until ctx ends. spec: R-4
func (r *Reparenter) checkLock(ctx *sim.Context, keyspace, shard string) error {
	return lostLock(r.ts.CheckShardLocked(ctx, keyspace, shard), r.behaviors())
}

// inParallel runs do for 0..n-1, each in a proc of its own, and returns when all have ended.
func (r *Reparenter) inParallel(name string, n int, do func(i int)) {
	group := r.env.NewWaitGroup(name)
	for i := range n {
		group.Go(name, func() { do(i) })
	}
	group.Wait()
}

// untilError is inParallel, except that the first error cancels the context of the others.
// It returns that error, when all have ended.
func (r *Reparenter) untilError(ctx *sim.Context, name string, n int, do func(ctx *sim.Context, i int) error) error {
	ctx, cancel := r.env.WithCancel(ctx)
	defer cancel()
	mu := r.env.NewMutex(name)
	var first error
	r.inParallel(name, n, func(i int) {
		err := do(ctx, i)
		mu.Lock()
		defer mu.Unlock()
		if err != nil && first == nil {
			first = err
			cancel()
		}
	})
	return first
}

// member is what a durability policy looks at in a tablet.
func member(t *topodata.Tablet) durability.Member {
	return durability.Member{Alias: t.Alias, Type: t.Type}
}

func members(tablets []*topodata.Tablet) []durability.Member {
	all := make([]durability.Member, len(tablets))
	for i, t := range tablets {
		all[i] = member(t)
	}
	return all
}

// findTablet gives the tablet with an alias, nil if there is none.
func findTablet(tablets []*topodata.Tablet, alias topodata.TabletAlias) *topodata.Tablet {
	for _, t := range tablets {
		if t.Alias == alias {
			return t
		}
	}
	return nil
}

// waitReplicasTimeoutUnset is what the server takes if a caller asks for none. spec: R-7
const waitReplicasTimeoutUnset = 30 * time.Second
