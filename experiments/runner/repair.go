package runner

import (
	"time"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// repair does what an operator does with what does not repair itself. His commands may fail;
// the checkers see what comes of them.
func (p *play) repair(env *sim.Env) {
	p.repairCommits(env)
	for _, k := range p.scenario.Cluster.Keyspaces {
		for _, sh := range k.Shards {
			p.repairShard(env, k.Name, string(sh.Name))
			if p.rebuild(env, k.Name, string(sh.Name)) {
				p.repairShard(env, k.Name, string(sh.Name))
			}
		}
	}
}

func (p *play) repairShard(env *sim.Env, keyspace, shard string) {
	p.repairReplicas(env, keyspace, shard) // no replica that stands still can be elected
	p.repairPrimary(env, keyspace, shard)
	p.repairReplicas(env, keyspace, shard)
}

// repairCommits lets go commits that have waited for acknowledgements all the time since the
// faults stopped: replicas that had received them when their connection broke do not
// acknowledge them any more, and only a later write would help. Where the tablet is about to
// be demoted there is none. spec: T-118a
func (p *play) repairCommits(env *sim.Env) {
	for _, m := range p.tablets {
		mysql := m.server.Client(env)
		state, err := mysql.SemiSync()
		if err != nil || state.Waiting == 0 {
			continue
		}
		p.mark(env, "repair")
		if mysql.SetSemiSync(false, state.Replica) == nil {
			_ = mysql.SetSemiSync(true, state.Replica)
		}
	}
}

// repairPrimary gives a shard without one a primary that takes writes: it runs
// PlannedReparentShard, which is safe after any failure; to the tablet that says that it is
// primary, if there is one, else to any, and then to each by name: a reparent that has failed
// between two primaries leaves no tablet that would be elected. spec
func (p *play) repairPrimary(env *sim.Env, keyspace, shard string) {
	targets := []topodata.TabletAlias{{}}
	for _, m := range p.tablets {
		if m.keyspace == keyspace && m.shard == shard {
			targets = append(targets, m.alias)
		}
	}
	for _, target := range targets {
		primary := p.primaryOf(keyspace, shard)
		if primary != nil {
			target = primary.alias
		}
		if primary != nil && writable(env, primary) {
			return
		}
		p.mark(env, "repair")
		_, _ = p.reparenter(p.operatorHost.Env()).PlannedReparentShard(env.Background(), keyspace, shard, reparent.PlannedOptions{NewPrimary: target})
	}
}

// repairReplicas points replicas to the shard's primary, if there is one, and starts their
// replication, which tablets leave to VTOrc from v16 on. spec
func (p *play) repairReplicas(env *sim.Env, keyspace, shard string) {
	primary := p.primaryOf(keyspace, shard)
	operator := p.operatorHost.Env()
	for _, m := range p.tablets {
		if m == primary || m.keyspace != keyspace || m.shard != shard {
			continue
		}
		status, err := m.server.Client(env).ReplicationStatus()
		if primary != nil && (err != nil || status.Source != primary.alias) {
			p.mark(env, "repair")
			patiently(env, func() error { return p.reparenter(operator).ReparentTablet(operator.Background(), m.alias) })
			status, err = m.server.Client(env).ReplicationStatus()
		}
		stopped := err == nil && (status.IO == mysqld.Stopped || status.SQL == mysqld.Stopped)
		if stopped || p.silent(env, m) {
			p.mark(env, "repair")
			_ = p.reparenter(operator).StopReplication(operator.Background(), m.alias)
			patiently(env, func() error { return p.reparenter(operator).StartReplication(operator.Background(), m.alias) })
		}
	}
}

// patiently gives a command once more if it fails: commands that look for the primary refuse as
// long as the shard's record is behind, which the new primary writes after its promotion.
// spec: R-162
func patiently(env *sim.Env, command func() error) {
	if command() != nil {
		env.Sleep(5 * time.Second)
		_ = command()
	}
}

// silent reports whether a replica does not acknowledge although its keyspace wants that: a
// MySQL server that restarts has forgotten it, and a receiver that is just started again
// does not learn of it. Without acknowledgements the primary's commits wait for ever.
// spec: T-121, R-13
func (p *play) silent(env *sim.Env, m *member) bool {
	for _, k := range p.scenario.Cluster.Keyspaces {
		if k.Name != m.keyspace || k.Durability == scenario.DurabilityNone {
			continue
		}
		state, err := m.server.Client(env).SemiSync()
		return err == nil && m.kind != topodata.RDOnly && !state.Replica
	}
	return false
}

// writable reports whether a tablet's MySQL takes writes.
func writable(env *sim.Env, m *member) bool {
	readOnly, _, err := m.server.Client(env).ReadOnly()
	return err == nil && !readOnly
}

// primaryOf gives the tablet that serves as primary of a shard in the latest term, nil if
// none does.
func (p *play) primaryOf(keyspace, shard string) (found *member) {
	latest := topodata.Timestamp(0)
	for _, m := range p.tablets {
		if m.keyspace != keyspace || m.shard != shard || m.process == nil {
			continue
		}
		if s := m.process.Status(); s.Type == topodata.Primary && s.Serving && s.Term >= latest {
			found, latest = m, s.Term
		}
	}
	return found
}
