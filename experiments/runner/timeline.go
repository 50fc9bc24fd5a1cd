package runner

import (
	"errors"
	"fmt"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/tablet/reparent"
)

// operation is one entry of the timeline under way.
type operation struct {
	scenario.Operation
	what       string
	start, end sim.Time
	started    bool
	before     *operation // that it comes after; nil for one at an instant
	done       *sim.Event
	err        error
	output     string
	result     *reparent.Result
}

// startTimeline starts one proc for each operation.
func (p *play) startTimeline() {
	byID := map[string]*operation{}
	for _, o := range p.scenario.Timeline {
		op := &operation{Operation: o, what: string(o.Do), done: p.steady.NewEvent("operation/" + o.ID), before: byID[o.After]}
		p.operations = append(p.operations, op)
		byID[o.ID] = op
		p.schedule(op)
	}
	p.operatorHost.OnCrash(p.operatorDied)
}

// schedule starts the proc of an operation. The operator's commands are processes of
// his host, and die with it.
func (p *play) schedule(op *operation) {
	env := p.steady
	if op.isCommand() {
		env = p.operatorHost.Env()
	}
	env.Go("timeline/"+op.ID, func() {
		if op.before != nil {
			op.before.done.Wait()
			env.Sleep(op.Wait.Std())
		} else {
			env.SleepUntil(sim.Time(op.At.Std()))
		}
		if p.healed == 0 { // else it is too late: faults have stopped
			p.run(env, op)
		}
	})
}

func (o *operation) isCommand() bool {
	_, isFault := o.Operation.Fault()
	return !isFault
}

func (p *play) run(env *sim.Env, op *operation) {
	op.started, op.start = true, env.Now()
	p.perform(env, op)
	op.end = env.Now()
	op.done.Set()
}

// errOperatorDied is what the operator's client sees of a vtctld that is killed under its command.
var errOperatorDied = errors.New("rpc error: code = Unavailable desc = error reading from server: EOF")

// operatorDied ends the commands under way. Those that were still to come are given
// when the host is back.
func (p *play) operatorDied() {
	for _, op := range p.operations {
		if op.isCommand() && op.started && !op.done.IsSet() {
			op.err, op.end = errOperatorDied, p.steady.Now()
			op.done.Set()
		}
	}
	p.steady.Go("timeline/operator", func() {
		for p.operatorHost.Down() {
			p.steady.Sleep(startPoll)
		}
		p.operatorHost.OnCrash(p.operatorDied)
		for _, op := range p.operations {
			if op.isCommand() && !op.started {
				p.schedule(op)
			}
		}
	})
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
	default:
		if op.isCommand() {
			p.bringUp(env, op)
		} else {
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

// addReparent adds an operation that a fault starts now.
func (p *play) addReparent(f *fault.Fault, shard string) *operation {
	do := scenario.DoPlannedReparentShard
	if f.Do == scenario.FaultERS {
		do = scenario.DoEmergencyReparentShard
	}
	keyspace, name, _ := strings.Cut(shard, "/")
	n := 1
	for _, other := range p.operations {
		if strings.HasPrefix(other.ID, f.Do) {
			n++
		}
	}
	op := &operation{Operation: scenario.Operation{
		ID: fmt.Sprintf("%s%d", f.Do, n), Do: do, Outcome: scenario.OutcomeAny,
		Args: scenario.Args{Keyspace: keyspace, Shard: scenario.ShardName(name), NewPrimary: f.Arg("to")},
	}, done: p.steady.NewEvent("operation/" + f.Do)}
	p.operations = append(p.operations, op)
	return op
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
