package runner

import (
	"errors"
	"slices"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// recover ends a run with a recovery phase: no more faults, a whole network, every process
// up, and an operator who repairs what does not repair itself. After the scenario's time for
// that, one read and one write go through each gate to each shard, so that the checkers of
// liveness have something to judge.
func (p *play) recover(env *sim.Env) {
	p.healAll(env)
	p.healed = env.Now()
	p.mark(env, "healed")
	p.over.Set()
	env.Select(sim.OnEvent(p.journal.Idle()), env.After(overtime))
	p.finishOperations(env, env.Now().Add(commandsPause))
	env.Sleep(repairPause)
	p.repair(env)
	env.Sleep(p.scenario.Recovery.Std())
	p.probe()
	p.mark(env, "over")
	p.recovered = true
}

const (
	// repairPause is how long the operator watches a healed cluster before he acts: longer
	// than what tablets and gates retry by themselves (T-82, 30 s).
	repairPause = 35 * time.Second
	// commandsPause is how long the operator waits for his own commands, which queue for the
	// shard's lock: he repairs nothing under a command that still works.
	commandsPause = 3 * time.Minute
	// recoveryExtra bounds what a recovery takes besides the scenario's own time.
	recoveryExtra = 10 * time.Minute
)

func (p *play) mark(env *sim.Env, what string) {
	env.Emit(invariant.KindRecovery, trace.Str("what", what))
}

// healAll undoes all faults and starts what has ended. From now on neither the timeline nor
// the plan of faults does anything.
func (p *play) healAll(env *sim.Env) {
	_ = p.injector.HealAll(env) // a server that is down starts its replication itself
	for _, h := range p.processes() {
		h.Restart()
	}
}

// processes lists the hosts of the cluster, servers before those that need them.
func (p *play) processes() []*sim.Host {
	var hosts []*sim.Host
	for _, t := range p.topos {
		hosts = append(hosts, t.host)
	}
	hosts = append(hosts, p.operatorHost)
	for _, m := range p.tablets {
		hosts = append(hosts, m.mysqld)
	}
	for _, m := range p.tablets {
		hosts = append(hosts, m.host)
	}
	for _, g := range p.gates {
		hosts = append(hosts, g.host)
	}
	for _, v := range p.vtorcs {
		hosts = append(hosts, v.host)
	}
	return slices.DeleteFunc(hosts, func(h *sim.Host) bool { return h == nil }) // not started yet
}

// probe sends one read and one write through each gate to each shard, and returns when all
// are answered.
func (p *play) probe() {
	done := p.steady.NewEvent("probed")
	p.world.AddHost(hostProbes, sim.HostOptions{}, func(env *sim.Env) {
		defer done.Set()
		node := p.net.Node(env)
		group := env.NewWaitGroup("probes")
		for _, g := range p.gates {
			for _, k := range p.scenario.Cluster.Keyspaces {
				group.Go("probe/"+g.name, func() { p.probeGate(env, workload.NewDriver(env, node, g.name, "probe", k.Name), g, k) })
			}
		}
		group.Wait()
	})
	done.Wait()
}

// hostProbes is where the probes run.
const hostProbes = "probes"

// probeGate sends statements with many keys, so that every shard gets some.
func (p *play) probeGate(env *sim.Env, d *workload.Driver, g *gateProcess, k scenario.Keyspace) {
	conn, err := d.Connect(probeTimeout)
	if err != nil {
		p.probed(env, g, k, query.VerbOther, err)
		return
	}
	defer conn.Close()
	for key := range int64(probesPerShard * len(k.Shards)) {
		for _, verb := range []query.Verb{query.VerbSelect, query.VerbInsert} {
			_, err = conn.Query(query.Statement{Verb: verb, Table: "probe", Key: key + 1, Value: key + 1})
			p.probed(env, g, k, verb, err)
		}
	}
}

func (p *play) probed(env *sim.Env, g *gateProcess, k scenario.Keyspace, verb query.Verb, err error) {
	num, text := 0, ""
	if err != nil {
		num, text = 1, err.Error()
	}
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		num = own.Num
	}
	env.Emit(invariant.KindProbe, trace.Str("gate", g.name), trace.Str("keyspace", k.Name), trace.Str("verb", verb.String()),
		trace.Int("errno", int64(num)), trace.Str("error", text))
}

const (
	// probesPerShard is how many keys are tried for each shard of a keyspace.
	probesPerShard = 4
	// probeTimeout is how long a probe waits for its answer.
	probeTimeout = 40 * time.Second
)
