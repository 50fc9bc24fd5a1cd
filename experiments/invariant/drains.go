package invariant

import (
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// drainLeavesNothing is T-151.
func drainLeavesNothing() Invariant {
	return Invariant{
		ID:      "drain-leaves-nothing",
		Meaning: "When a tablet has drained and serves no more, none of its clients' transactions is open.",
		Rules:   []string{"T-151"},
		Kinds:   []string{string(tablet.KindDrain)},
		New:     func(Facts) Checker { return &drainChecker{open: map[string]trace.Event{}} },
		Fail:    failDrainLeavesNothing,
	}
}

func failDrainLeavesNothing(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// drainsOneByOne is the first half of T-154.
func drainsOneByOne() Invariant {
	inv := drainLeavesNothing()
	inv.ID = "drains-one-by-one"
	inv.Meaning = "A tablet does not begin to drain while it drains."
	inv.Rules = []string{"T-154"}
	inv.Kinds = append(inv.Kinds, string(trace.KindHost))
	inv.New = func(Facts) Checker { return &drainChecker{open: map[string]trace.Event{}, nesting: true} }
	inv.Fail = failDrainsOneByOne
	return inv
}

func failDrainsOneByOne(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// drainChecker follows the drains of all tablets.
type drainChecker struct {
	findings
	open map[string]trace.Event // the beginning of the drain under way, by tablet
	// nesting judges the order of drains; else what they leave.
	nesting bool
}

// Record implements Checker. spec: T-151, T-154
func (c *drainChecker) Record(e trace.Event) {
	began := c.open[e.Host]
	switch {
	case e.Kind == trace.KindHost:
		if restarted(&e) {
			delete(c.open, e.Host)
		}
	case e.Text("phase") == "begin":
		if c.nesting && began.Kind != "" {
			c.violate(e.Host, at(&e), shown(began, e), "a drain begins while another one goes on")
		}
		c.open[e.Host] = keep(e)
	case e.Text("phase") == "end":
		if n := e.Number("transactions"); !c.nesting && n != 0 {
			c.violate(e.Host, at(&e), shown(began, e), "%d transactions are open at the end of a drain", n)
		}
		delete(c.open, e.Host)
	}
}

// Finish implements Checker.
func (c *drainChecker) Finish(End) {}
