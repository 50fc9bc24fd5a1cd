package runner

import (
	"bufsim/experiments/invariant"
	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// facts is what the checkers of a run know beforehand.
func facts(s *scenario.Scenario, opts *Options) invariant.Facts {
	f := invariant.Facts{Release: opts.Release, Flags: opts.Flags}
	if log, ok := opts.Chooser.(*explore.StallLog); ok {
		f.Stalls = log.Within
	}
	for _, k := range s.Cluster.Keyspaces {
		keyspace := invariant.Keyspace{Name: k.Name, Durability: string(k.Durability)}
		for _, sh := range k.Shards {
			shard := invariant.Shard{Name: string(sh.Name)}
			for _, t := range sh.Tablets {
				shard.Tablets = append(shard.Tablets, alias(t.Alias))
			}
			keyspace.Shards = append(keyspace.Shards, shard)
		}
		f.Keyspaces = append(f.Keyspaces, keyspace)
	}
	for _, g := range s.Cluster.Gates {
		for range g.Count {
			f.Gates = append(f.Gates, gateName(len(f.Gates)+1))
		}
	}
	for _, o := range s.Timeline {
		if t := o.Args.WaitReplicasTimeout; t != nil {
			f.WaitReplicasTimeout = max(f.WaitReplicasTimeout, t.Std())
		}
	}
	return f
}

// check ends the checkers of the run and takes over what they found.
func (p *play) check(r *Result, out sim.Outcome) {
	if p.watch == nil {
		return
	}
	r.Checked = len(p.opts.Invariants)
	r.Violations = p.watch.Finish(invariant.End{Time: out.Time, Recovered: p.recovered, Healed: p.healed})
}

// Findings are the violations that nothing excuses.
func (r *Result) Findings() []invariant.Violation {
	var list []invariant.Violation
	for _, v := range r.Violations {
		if v.Finding() {
			list = append(list, v)
		}
	}
	return list
}
