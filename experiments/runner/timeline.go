package runner

import (
	"fmt"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// operation is one entry of the timeline under way.
type operation struct {
	scenario.Operation
	what       string
	start, end sim.Time
	started    bool
	done       *sim.Event
	err        error
	output     string
	result     *reparent.Result
}

// startTimeline starts one proc for each operation.
func (p *play) startTimeline(env *sim.Env) {
	byID := map[string]*operation{}
	for _, o := range p.scenario.Timeline {
		op := &operation{Operation: o, what: string(o.Do), done: env.NewEvent("operation/" + o.ID)}
		p.operations = append(p.operations, op)
		byID[o.ID] = op
		before := byID[o.After]
		env.Go("timeline/"+o.ID, func() {
			if before != nil {
				before.done.Wait()
				env.Sleep(o.Wait.Std())
			} else {
				env.SleepUntil(sim.Time(o.At.Std()))
			}
			if p.healed > 0 { // too late: faults have stopped
				return
			}
			op.started, op.start = true, env.Now()
			p.perform(env, op)
			op.end = env.Now()
			op.done.Set()
		})
	}
}

// perform does one operation and returns when it has ended.
func (p *play) perform(env *sim.Env, op *operation) {
	if op.Do.Command() != "" && !p.mayCommand(op) {
		p.refused(op)
		return
	}
	switch op.Do {
	case scenario.DoPlannedReparentShard:
		p.plannedReparentShard(env, op)
	case scenario.DoEmergencyReparentShard:
		p.emergencyReparentShard(env, op)
	case scenario.DoTabletExternallyReparented:
		p.tabletExternallyReparented(env, op)
	case scenario.DoInitShardPrimary:
		p.initShardPrimary(env, op)
	case scenario.DoSetWritable:
		p.setWritable(env, op)
	case scenario.DoHeal:
		p.heal(env, op)
	default:
		if !p.bringUp(env, op) {
			p.fault(env, op)
		}
	}
}

// plannedReparentShard runs the operator's command in a process of its own, as
// vtctld does.
func (p *play) plannedReparentShard(env *sim.Env, op *operation) {
	keyspace, shard := p.shardOf(op.Args)
	op.what = fmt.Sprintf("PlannedReparentShard %s/%s", keyspace, shard)
	r := p.reparenter(env)
	opts := reparent.PlannedOptions{NewPrimary: alias(op.Args.NewPrimary), AvoidPrimary: alias(op.Args.AvoidPrimary)}
	if t := op.Args.WaitReplicasTimeout; t != nil {
		opts.WaitReplicasTimeout = t.Std()
	}
	op.result, op.err = r.PlannedReparentShard(env.Background(), keyspace, shard, opts)
	p.told(env, op, "PlannedReparentShard")
}

// shardOf gives the shard that an operation names, or the only one.
func (p *play) shardOf(a scenario.Args) (keyspace, shard string) {
	k := p.scenario.Cluster.Keyspaces[0]
	for _, other := range p.scenario.Cluster.Keyspaces {
		if other.Name == a.Keyspace {
			k = other
		}
	}
	shard = string(a.Shard)
	if shard == "" {
		shard = string(k.Shards[0].Name)
	}
	return k.Name, shard
}

// alias reads an alias that the scenario's checks have accepted.
func alias(text string) topodata.TabletAlias {
	if text == "" {
		return topodata.TabletAlias{}
	}
	a, err := topodata.ParseTabletAlias(text)
	if err != nil {
		panic(err)
	}
	return a
}
