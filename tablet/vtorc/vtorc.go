package vtorc

import (
	"time"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// VTOrc is one process. It is safe for use by many procs.
type VTOrc struct {
	env        *sim.Env
	ts         *topo.Server
	tm         *tmclient.Client
	opts       Options
	reparenter *reparent.Reparenter
	store      *store
	counters   *counters
	choose     *sim.Rand

	mu *sim.Mutex
	// attempts are the problems that something is being done about; recovering are the shards
	// with a recovery under way; registered is when the last one of a shard began. spec: R-143
	attempts   map[Problem]bool
	recovering map[shardKey]bool
	registered map[shardKey]sim.Time
}

// New returns a VTOrc that works through a view of the topology and a tablet manager client.
// It does nothing before Start.
func New(env *sim.Env, ts *topo.Server, tm *tmclient.Client, opts Options) *VTOrc {
	env = env.Named("vtorc")
	opts = opts.withDefaults()
	return &VTOrc{
		env: env, ts: ts, tm: tm, opts: opts, store: newStore(env), counters: newCounters(env),
		choose: env.Rand(env.HostName() + "/vtorc"), mu: env.NewMutex("vtorc"),
		reparenter: reparent.New(env, ts, tm, reparent.Options{
			Release: opts.Release, Common: opts.Common,
			VTCtld: flags.VTCtld{WaitReplicasTimeout: opts.WaitReplicasTimeout, ActionTimeout: flags.Defaults(opts.Release).VTCtld.ActionTimeout},
		}),
		attempts: map[Problem]bool{}, recovering: map[shardKey]bool{}, registered: map[shardKey]sim.Time{},
	}
}

// Start begins to watch and returns at once. The loops run as long as the process lives.
// spec: R-140
func (v *VTOrc) Start() {
	v.env.GoDaemon("topo-refresh", func() {
		for {
			v.refreshTopology()
			v.env.Sleep(v.opts.VTOrc.TopoInformationRefreshDuration)
		}
	})
	v.env.GoDaemon("recovery", func() {
		for {
			v.env.Sleep(v.opts.VTOrc.RecoveryPollDuration)
			v.checkAndRecover()
		}
	})
}

// watch polls a tablet until its record is gone. A poll that hangs does not hold up the next.
// spec: R-140
func (v *VTOrc) watch(alias topodata.TabletAlias) {
	v.env.GoDaemon("watch-"+alias.String(), func() {
		for v.store.knows(alias) {
			v.env.GoDaemon("poll-"+alias.String(), func() { v.discover(alias) })
			v.env.Sleep(v.opts.VTOrc.InstancePollTime)
		}
	})
}

// checkAndRecover analyses all shards and begins to do something about each problem, unless
// that is under way already. It never waits for anything, so a tick never meets the one before.
// spec: R-140
func (v *VTOrc) checkAndRecover() {
	c := v.criteria()
	var all []Problem
	for _, key := range v.store.keys() {
		all = append(all, Analyze(v.store.snapshot(key), c)...)
	}
	v.counters.detected(all)
	for _, p := range all {
		kind := RecoveryOf(p.Analysis, c)
		if kind == NoRecovery || !v.begin(p) {
			continue
		}
		v.env.GoDaemon("recover-"+p.Tablet.String(), func() {
			defer v.end(p)
			(&recovery{VTOrc: v, Problem: p, kind: kind, key: shardKey{p.Keyspace, p.Shard}}).attempt()
		})
	}
}

// begin notes that something is being done about a problem; false if it is already.
func (v *VTOrc) begin(p Problem) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.attempts[p] {
		return false
	}
	v.attempts[p] = true
	return true
}

func (v *VTOrc) end(p Problem) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.attempts, p)
}

func (v *VTOrc) criteria() Criteria {
	return Criteria{Behaviors: v.opts.Release.Behaviors, Flags: v.opts.VTOrc, Now: v.env.Now()}
}

// withROT bounds a single remote call. spec: R-7
func (v *VTOrc) withROT(ctx *sim.Context) (*sim.Context, func()) {
	return v.env.WithTimeout(ctx, v.opts.Common.RemoteOperationTimeout)
}

// rot is a call's context of its own.
func (v *VTOrc) rot() (*sim.Context, func()) { return v.withROT(v.env.Background()) }

// inParallel runs do for each tablet and returns when all have ended.
func (v *VTOrc) inParallel(name string, tablets []topodata.TabletAlias, do func(topodata.TabletAlias)) {
	group := v.env.NewWaitGroup(name)
	for _, alias := range tablets {
		group.Go(name+"-"+alias.String(), func() { do(alias) })
	}
	group.Wait()
}

// within reports whether less than d has passed since a time.
func (v *VTOrc) within(since sim.Time, d time.Duration) bool { return v.env.Now().Sub(since) < d }
