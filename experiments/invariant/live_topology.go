package invariant

import (
	"slices"
	"strings"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// wipedTopology excuses a cluster whose records are gone. Nothing in Vitess writes all of them
// again, so that it does not become whole by itself.
const wipedTopology = "the topology lost its data, and nobody restored its records (O-92)"

// wipes reports whether an event says that the topology has lost its data.
func wipes(e *trace.Event) bool {
	return e.Kind == fault.KindInject && strings.Contains(e.Text("line"), " wipe-topo ")
}

// needsTopology makes an invariant of liveness that excuses runs whose topology lost its data.
func needsTopology(inv Invariant) Invariant {
	inject := string(fault.KindInject)
	wants := slices.Contains(inv.Kinds, inject)
	if !wants {
		inv.Kinds = append(slices.Clone(inv.Kinds), inject)
	}
	inner := inv.New
	inv.New = func(f Facts) Checker { return &topologyChecker{Checker: inner(f), wants: wants} }
	return inv
}

// topologyChecker is another checker that knows whether there was a topology.
type topologyChecker struct {
	Checker
	wants, wiped bool // wants: the other one wants to know of faults, too
}

// Record implements Checker.
func (c *topologyChecker) Record(e trace.Event) {
	c.wiped = c.wiped || wipes(&e)
	if c.wants || e.Kind != fault.KindInject {
		c.Checker.Record(e)
	}
}

// Violations implements Checker. spec: O-92
func (c *topologyChecker) Violations() []Violation {
	list := slices.Clone(c.Checker.Violations())
	for i := range list {
		if c.wiped && list[i].Excused == "" {
			list[i].Excused = wipedTopology
		}
	}
	return list
}
