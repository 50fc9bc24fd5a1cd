package srvtopo

import "bufsim/sim"

// Counts are the counters of a cache: Vitess's ResilientSrvTopoServer with the label
// type, which is query, cached or error. spec: topo 9
type Counts struct {
	// Queries counts reads.
	Queries int64
	// Cached counts those that were answered from a value that is not watched.
	Cached int64
	// Errors counts watches, attempts to start them, and queries of names, that failed.
	Errors int64
}

// counters count for all entries of a cache.
type counters struct{ queries, cached, errors *sim.Counter }

func newCounters(env *sim.Env) *counters {
	return &counters{queries: env.NewCounter(), cached: env.NewCounter(), errors: env.NewCounter()}
}

// Counts gives the counters of the cache. spec: topo 9
func (r *ResilientServer) Counts() Counts {
	return Counts{Queries: r.counts.queries.Value(), Cached: r.counts.cached.Value(), Errors: r.counts.errors.Value()}
}
