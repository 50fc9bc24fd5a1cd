package runner

import (
	"errors"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// fault does what an operation breaks, and undoes it after its time.
func (p *play) fault(env *sim.Env, op *operation) {
	hosts := p.hosts(op.Args.Target, op.Args.Component)
	op.what = string(op.Do) + " " + string(op.Args.Target)
	undo := func() {}
	switch op.Do {
	case scenario.DoKill:
		each(hosts, (*sim.Host).Crash)
		undo = func() { each(hosts, (*sim.Host).Restart) }
	case scenario.DoRestart:
		p.terminate(hosts)
		undo = func() { each(hosts, (*sim.Host).Crash); each(hosts, (*sim.Host).Restart) }
	case scenario.DoPause:
		each(hosts, (*sim.Host).Pause)
		undo = func() { each(hosts, (*sim.Host).Resume) }
	case scenario.DoPartition:
		mine, others := names(hosts), p.peers(hosts, op.Args.Peer)
		for _, name := range mine {
			p.net.Partition(name, others...)
		}
		undo = func() { p.join(mine, others) }
	case scenario.DoStopApplier:
		servers := p.servers(op.Args.Target)
		op.err = onServers(env, servers, (*mysqld.Client).StopApplier)
		undo = func() { op.err = onServers(env, servers, (*mysqld.Client).StartReplication) }
	case scenario.DoSetDelay:
		undo = p.setDelay(p.servers(op.Args.Target), op.Args.Delay.Std())
	}
	if op.Args.For != nil {
		env.Sleep(op.Args.For.Std())
		undo()
	} else if op.Do == scenario.DoRestart {
		undo()
	}
}

// join heals the network between two groups of hosts.
func (p *play) join(mine, others []string) {
	for _, a := range mine {
		for _, b := range others {
			p.net.Heal(a, b)
		}
	}
}

// onServers does something on each server and returns the first error.
func onServers(env *sim.Env, servers []*mysqld.Server, do func(*mysqld.Client) error) (first error) {
	for _, s := range servers {
		if err := do(s.Client(env)); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// setDelay changes the replication delay and returns what takes that back.
func (p *play) setDelay(servers []*mysqld.Server, d time.Duration) (undo func()) {
	set := func(d time.Duration) {
		for _, s := range servers {
			s.SetTimings(func(t *mysqld.Timings) { t.SourceDelay = d })
		}
	}
	set(d)
	return func() { set(p.scenario.Cluster.MySQL.ReplicationDelay.Std()) }
}

// heal undoes pauses, partitions, stopped appliers and delays of the target, or
// everywhere.
func (p *play) heal(env *sim.Env, op *operation) {
	op.what = strings.TrimSpace("heal " + string(op.Args.Target))
	hosts, servers := p.hosts(op.Args.Target, scenario.ComponentHost), p.servers(op.Args.Target)
	if op.Args.Target == "" {
		p.net.HealAll()
	} else {
		p.join(names(hosts), p.peers(hosts, ""))
	}
	each(hosts, (*sim.Host).Resume)
	op.err = onServers(env, servers, func(c *mysqld.Client) error {
		if err := c.StartReplication(); !errors.Is(err, mysqld.ErrNotReplica) { // a primary has nothing to start
			return err
		}
		return nil
	})
	p.setDelay(servers, p.scenario.Cluster.MySQL.ReplicationDelay.Std())
}

func each(hosts []*sim.Host, do func(*sim.Host)) {
	for _, h := range hosts {
		do(h)
	}
}

func names(hosts []*sim.Host) []string {
	list := make([]string, len(hosts))
	for i, h := range hosts {
		list[i] = h.Name()
	}
	return list
}

// terminate sends SIGTERM to tablets and gates; other processes just end.
func (p *play) terminate(hosts []*sim.Host) {
	for _, h := range hosts {
		for _, m := range p.tablets {
			if m.host == h && m.process != nil {
				m.process.Terminate()
				m.process.Stopped().Wait()
			}
		}
		for _, g := range p.gates {
			if g.host == h && g.gate != nil {
				g.gate.Shutdown()
			}
		}
	}
}

// hosts resolves a target when the operation happens. An empty target is everything.
func (p *play) hosts(t scenario.Target, component scenario.Component) []*sim.Host {
	var list []*sim.Host
	for _, m := range p.members(t) {
		if component != scenario.ComponentMySQLD && m.host != nil {
			list = append(list, m.host)
		}
		if component == scenario.ComponentMySQLD || component == scenario.ComponentHost {
			list = append(list, m.mysqld)
		}
	}
	kind, name := parse(t)
	for _, g := range p.gates {
		if g.host != nil && (kind == "" || kind == scenario.TargetGate && g.name == name || kind == scenario.TargetCell && g.cell == name) {
			list = append(list, g.host)
		}
	}
	if kind == scenario.TargetTopo {
		list = append(list, p.topoHost)
	}
	return list
}

// servers gives the MySQL servers of a target.
func (p *play) servers(t scenario.Target) []*mysqld.Server {
	var list []*mysqld.Server
	for _, m := range p.members(t) {
		list = append(list, m.server)
	}
	return list
}

// members gives the tablets that a target names at this moment.
func (p *play) members(t scenario.Target) []*member {
	kind, name := parse(t)
	var list []*member
	for _, m := range p.tablets {
		primary := m.process != nil && m.process.Status().Type == topodata.Primary
		shard := m.keyspace+"/"+m.shard == name
		switch kind {
		case "":
			list = append(list, m)
		case scenario.TargetTablet:
			if m.alias == alias(name) {
				list = append(list, m)
			}
		case scenario.TargetPrimary:
			if shard && primary {
				list = append(list, m)
			}
		case scenario.TargetReplicas:
			if shard && !primary {
				list = append(list, m)
			}
		case scenario.TargetCell:
			if m.alias.Cell == name {
				list = append(list, m)
			}
		}
	}
	return list
}

// parse takes a target apart; an empty one has no kind.
func parse(t scenario.Target) (scenario.TargetKind, string) {
	if t == "" {
		return "", ""
	}
	return t.Parse()
}

// peers are the hosts on the other side of a partition: those of the peer, or
// everything else.
func (p *play) peers(mine []*sim.Host, peer scenario.Target) []string {
	if peer != "" {
		return names(p.hosts(peer, scenario.ComponentHost))
	}
	inside := map[string]bool{}
	for _, h := range mine {
		inside[h.Name()] = true
	}
	var others []string
	for _, name := range append(append(names(p.hosts("", scenario.ComponentHost)), hostTopo, hostOperator, hostClients), p.vtorcHosts()...) {
		if !inside[name] {
			others = append(others, name)
		}
	}
	return others
}
