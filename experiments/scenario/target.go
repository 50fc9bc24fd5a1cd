package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Target names what an operation acts on:
//
//	zone1-100              a tablet
//	gate-1                 a gate
//	primary:commerce/0     whoever is the shard's primary when it happens
//	replicas:commerce/0    all other tablets of the shard at that time
//	cell:zone1             all processes of a cell
//	topo:zone1, topo:global  a topology server
//
// Faults also know these:
//
//	gates                  all gates
//	gate:fullest-buffer    the gate that holds most requests at that time
//	topo, vtctld, clients  the topology server, the operator's host, the clients' host
//	vtorc, vtorc-1         all VTOrc processes, one of them
//	commerce/0             a shard as a whole
//	mysqld:TARGET          the MySQL servers of tablets, and not the vttablets
//	vttablet:TARGET        the vttablets alone
//	host:TARGET            both
type Target string

// TargetKind is the sort of a target.
type TargetKind string

// The sorts.
const (
	TargetTablet   TargetKind = "tablet"
	TargetGate     TargetKind = "gate"
	TargetPrimary  TargetKind = "primary"
	TargetReplicas TargetKind = "replicas"
	TargetCell     TargetKind = "cell"
	TargetTopo     TargetKind = "topo"
	TargetGates    TargetKind = "gates"
	TargetVTCtld   TargetKind = "vtctld"
	TargetVTOrc    TargetKind = "vtorc"
	TargetClients  TargetKind = "clients"
	TargetShard    TargetKind = "shard"
)

// FullestBuffer stands for the gate that holds most requests.
const FullestBuffer = "fullest-buffer"

// SplitComponent takes the component from the beginning of a fault's target.
func SplitComponent(t Target) (Component, Target) {
	if name, rest, ok := strings.Cut(string(t), ":"); ok && slices.Contains(Component("").Values(), name) {
		return Component(name), Target(rest)
	}
	return "", t
}

// faultSort is Parse for the targets of faults, without their component.
func (t Target) faultSort() (TargetKind, string) {
	switch kind, name := t.Parse(); {
	case slices.Contains([]TargetKind{TargetTopo, TargetGates, TargetVTCtld, TargetVTOrc, TargetClients}, TargetKind(t)):
		return TargetKind(t), ""
	case strings.HasPrefix(string(t), "vtorc-"):
		return TargetVTOrc, string(t)
	case kind == TargetTablet && strings.Contains(name, "/"):
		return TargetShard, name
	default:
		return kind, name
	}
}

// FaultTarget splits the target of a fault into component, sort and name.
func FaultTarget(t string) (Component, TargetKind, string) {
	component, rest := SplitComponent(Target(t))
	kind, name := rest.faultSort()
	return component, kind, name
}

// Parse splits a target into its sort and its name: the alias, the gate, the
// keyspace/shard or the cell. It does not look whether the thing exists.
func (t Target) Parse() (TargetKind, string) {
	if kind, name, ok := strings.Cut(string(t), ":"); ok {
		return TargetKind(kind), name
	}
	if strings.HasPrefix(string(t), "gate-") {
		return TargetGate, string(t)
	}
	return TargetTablet, string(t)
}

// GateCount is the number of gates of the cluster.
func (c *Cluster) GateCount() int {
	n := 0
	for _, g := range c.Gates {
		n += g.Count
	}
	return n
}

// names lists everything of a sort that the cluster has.
func (c *Cluster) names(kind TargetKind) []string {
	var out []string
	switch kind {
	case TargetGate:
		for i := range min(c.GateCount(), namesMax) {
			out = append(out, "gate-"+strconv.Itoa(i+1))
		}
	case TargetVTOrc:
		if c.VTOrc != nil {
			for i := range min(c.VTOrc.Count, namesMax) {
				out = append(out, "vtorc-"+strconv.Itoa(i+1))
			}
		}
	case TargetCell:
		out = c.Cells
	case TargetTopo:
		out = append([]string{"global"}, c.Cells...)
	case TargetTablet, TargetPrimary, TargetReplicas, TargetShard:
		for _, k := range c.Keyspaces {
			for _, s := range k.Shards {
				if kind != TargetTablet {
					out = append(out, fmt.Sprintf("%s/%s", k.Name, s.Name))
					continue
				}
				for _, t := range s.Tablets {
					out = append(out, t.Alias)
				}
			}
		}
	}
	return out
}

// namesMax bounds lists of gates in messages.
const namesMax = 1000
