package runner

import (
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/tablet/mysqld"
)

// site is the cluster as faults see it: it resolves their targets, and knows the kinds
// of faults that hosts and network do not know.
type site struct{ *play }

// Hosts implements fault.Domain.
func (s site) Hosts(target string, machine bool) []*sim.Host {
	component, kind, name := scenario.FaultTarget(target)
	var list []*sim.Host
	for _, m := range s.tabletsOf(kind, name) {
		if component != scenario.ComponentMySQLD && m.host != nil {
			list = append(list, m.host)
		}
		if component == scenario.ComponentMySQLD || component == scenario.ComponentHost || component == "" && (machine || target == "") {
			list = append(list, m.mysqld)
		}
	}
	for _, g := range s.gateProcesses(kind, name) {
		if g.host != nil {
			list = append(list, g.host)
		}
	}
	all := target == ""
	for _, t := range s.toposOf(kind, name) {
		list = append(list, t.host)
	}
	if all || kind == scenario.TargetVTCtld {
		list = append(list, s.operatorHost)
	}
	for _, v := range s.vtorcs {
		if all || kind == scenario.TargetVTOrc && (name == "" || v.host.Name() == name) {
			list = append(list, v.host)
		}
	}
	if (all || kind == scenario.TargetClients) && s.clientsHost != nil {
		list = append(list, s.clientsHost)
	}
	return list
}

// Machine implements fault.Domain: a vttablet and its MySQL server share one.
func (s site) Machine(h *sim.Host) string { return strings.TrimPrefix(h.Name(), "mysqld-") }

// members gives the tablets that a target names at this moment.
func (p *play) members(t scenario.Target) []*member {
	_, kind, name := scenario.FaultTarget(string(t))
	return site{p}.tabletsOf(kind, name)
}

// tabletsOf is members of a target that was taken apart; an empty one is all.
func (s site) tabletsOf(kind scenario.TargetKind, name string) []*member {
	var list []*member
	for _, m := range s.tablets {
		shard := m.keyspace+"/"+m.shard == name
		var hit bool
		switch kind {
		case scenario.TargetTablet:
			hit = name == "" || m.alias == alias(name)
		case scenario.TargetPrimary:
			hit = shard && m.isPrimary()
		case scenario.TargetReplicas:
			hit = shard && !m.isPrimary()
		case scenario.TargetShard:
			hit = shard
		case scenario.TargetCell:
			hit = m.alias.Cell == name
		}
		if hit {
			list = append(list, m)
		}
	}
	return list
}

// isPrimary reports whether the tablet takes itself for the primary. A fault may ask in the
// middle of anything, so that no lock is taken.
func (m *member) isPrimary() bool {
	return m.process != nil && m.process.Role() == topodata.Primary
}

// gateProcesses gives the gates that a target names at this moment.
func (s site) gateProcesses(kind scenario.TargetKind, name string) []*gateProcess {
	var list []*gateProcess
	for _, g := range s.gates {
		all := kind == scenario.TargetGates || kind == scenario.TargetTablet && name == ""
		if all || kind == scenario.TargetGate && g.name == name || kind == scenario.TargetCell && g.cell == name {
			list = append(list, g)
		}
	}
	if kind == scenario.TargetGate && name == scenario.FullestBuffer && len(s.gates) > 0 {
		fullest := s.gates[0]
		for _, g := range s.gates {
			if g.held() > fullest.held() {
				fullest = g
			}
		}
		list = append(list, fullest)
	}
	return list
}

// held is how many requests the gate holds now.
func (g *gateProcess) held() int {
	if g.host == nil || g.gate == nil || g.host.Down() {
		return -1
	}
	return g.gate.HeldRequests()
}

// onServer makes a part of what was done to a tablet's MySQL server.
func onServer(m *member, undo func(env *sim.Env) error) fault.Part {
	return fault.Part{Hosts: []string{m.alias.String(), mysqld.HostName(m.alias)}, Undo: undo}
}
