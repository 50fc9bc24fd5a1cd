package runner

import (
	"errors"
	"slices"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/reparent"
)

// The kinds of events of a run itself.
const (
	kindRecovery trace.Kind = "run.recovery"
	kindProbe    trace.Kind = "run.probe"
)

// traceKinds documents the events of this package.
func traceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: kindRecovery, Fields: "what", Meaning: "The recovery phase of a run: faults have stopped (healed), the operator repairs a shard (repair), the run is over (over)."},
		{Kind: kindProbe, Fields: "gate keyspace verb errno error", Meaning: "A statement that was sent through a gate at the end of a recovery; errno is 0 on success."},
	}
}

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
	// recoveryExtra bounds what a recovery takes besides the scenario's own time.
	recoveryExtra = 10 * time.Minute
)

func (p *play) mark(env *sim.Env, what string) { env.Emit(kindRecovery, trace.Str("what", what)) }

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

// repair does what an operator does with shards on which nobody takes writes: it moves the
// primary, which is always safe, and if there is nothing to move, it starts over with the
// primary that says so itself. spec
func (p *play) repair(env *sim.Env) {
	for _, k := range p.scenario.Cluster.Keyspaces {
		for _, sh := range k.Shards {
			for range repairTries {
				primary := p.primaryOf(k.Name, string(sh.Name))
				if primary != nil && writable(env, primary) {
					break
				}
				p.mark(env, "repair")
				opts := reparent.PlannedOptions{}
				if primary != nil {
					opts.NewPrimary = primary.alias
				}
				_, _ = p.reparenter(p.operatorHost.Env()).PlannedReparentShard(env.Background(), k.Name, string(sh.Name), opts) // the checkers see what comes of it
			}
		}
	}
}

// repairTries is how often the operator tries to repair a shard.
const repairTries = 3

// writable reports whether a tablet's MySQL takes writes.
func writable(env *sim.Env, m *member) bool {
	readOnly, _, err := m.server.Client(env).ReadOnly()
	return err == nil && !readOnly
}

// primaryOf gives the tablet that serves as primary of a shard, nil if none does.
func (p *play) primaryOf(keyspace, shard string) *member {
	for _, m := range p.tablets {
		if m.keyspace == keyspace && m.shard == shard && m.process != nil {
			if s := m.process.Status(); s.Type == topodata.Primary && s.Serving {
				return m
			}
		}
	}
	return nil
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
	env.Emit(kindProbe, trace.Str("gate", g.name), trace.Str("keyspace", k.Name), trace.Str("verb", verb.String()),
		trace.Int("errno", int64(num)), trace.Str("error", text))
}

const (
	// probesPerShard is how many keys are tried for each shard of a keyspace.
	probesPerShard = 4
	// probeTimeout is how long a probe waits for its answer.
	probeTimeout = 40 * time.Second
)
