package tablet

import (
	"time"

	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// Options are what a tablet process is started with. Alias, Keyspace and Shard are
// required; a zero Release means the latest one, zero Flags its defaults, nil Timings the
// defaults.
type Options struct {
	Alias    topodata.TabletAlias
	Keyspace string
	Shard    string
	// Release is the version of the program.
	Release release.Profile
	// Flags are the command line; Common and VTTablet are looked at.
	Flags flags.Set
	// Timings are the durations of the process's own work.
	Timings *Timings
	// Replicating skips the initialisation of replication at this start (T-87): the MySQL
	// server is attached to the shard's primary already, as InitShard leaves it.
	Replicating bool
}

// Timings are how long the process's own work takes; MySQL's and the topology's come on top.
type Timings struct {
	// CPU is what a statement costs in vttablet. spec: W-40
	CPU sim.Dist
	// CloseServices is the part of a drain before the transaction engine: closing trackers,
	// throttlers and the like. spec: T-30, tablet 15
	CloseServices sim.Dist
	// ServePrimary is the transition to a serving primary: engines and schema. spec: T-22
	ServePrimary sim.Dist
	// ServeReplica is the transition to a serving tablet of another type. spec: T-24
	ServeReplica sim.Dist
	// PromoteWork is what a promotion does between FLUSH BINARY LOGS and the topology: the
	// rest of the measured 35 to 230 ms up to serving. spec: tablet 15
	PromoteWork sim.Dist
	// PromoteDelay is extra time in a promotion, a way to choose the length of an outage.
	PromoteDelay sim.Dist
}

// DefaultTimings gives the values of the specification.
// spec: R-90, W-40
func DefaultTimings() Timings {
	const ms, us = time.Millisecond, time.Microsecond
	return Timings{
		CPU:           sim.Constant(200 * us),
		CloseServices: sim.LogNormal(700*us, 10*ms, 300*us, 20*ms),
		ServePrimary:  sim.LogNormal(20*ms, 200*ms, 10*ms, 2*time.Second),
		ServeReplica:  sim.LogNormal(2*ms, 10*ms, ms, 50*ms),
		PromoteWork:   sim.LogNormal(20*ms, 100*ms, 8*ms, 300*ms),
	}
}

func (o Options) withDefaults() Options {
	if o.Release.Name == "" {
		o.Release = release.Latest()
	}
	if o.Flags == (flags.Set{}) {
		o.Flags = flags.Defaults(o.Release)
	}
	if o.Timings == nil {
		t := DefaultTimings()
		o.Timings = &t
	}
	return o
}

// Constants of vttablet that no flag changes.
const (
	// transitionRetryInterval is the pause between attempts at a failed transition. spec: T-21
	transitionRetryInterval = time.Second
	// mysqlCheckInterval is the least time between two checks of MySQL. spec: T-60
	mysqlCheckInterval = time.Second
	// topoRereadInterval is the pause between looks for a write that may have landed. spec: T-81
	topoRereadInterval = 100 * time.Millisecond
	// journalPollInterval is the pause between looks for the reparent journal's row. spec: R-40
	journalPollInterval = 100 * time.Millisecond
	// shardHealthInterval is the period of the pings among the tablets of a shard, and the bound
	// of one. spec: R-146
	shardHealthInterval = time.Second
	// stalledDemotionFactor times the remote operation timeout is when a demotion counts as
	// stalled. spec: R-31
	stalledDemotionFactor = 10
)
