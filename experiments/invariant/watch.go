package invariant

import "bufsim/sim/trace"

// Watch is a sink that shows the events of one run to the checkers that want them.
type Watch struct {
	invariants []Invariant
	checkers   []Checker
	// wanted are the checkers by kind of event, filled as kinds appear.
	wanted map[trace.Kind][]Checker
}

// NewWatch makes the checkers of a run.
func NewWatch(invariants []Invariant, facts Facts) *Watch {
	w := &Watch{invariants: invariants, wanted: map[trace.Kind][]Checker{}}
	for _, inv := range invariants {
		w.checkers = append(w.checkers, inv.New(facts))
	}
	return w
}

// Record implements trace.Sink.
func (w *Watch) Record(e trace.Event) {
	list, known := w.wanted[e.Kind]
	if !known {
		list = w.interested(e.Kind)
		w.wanted[e.Kind] = list
	}
	for _, c := range list {
		c.Record(e)
	}
}

func (w *Watch) interested(kind trace.Kind) (list []Checker) {
	for i, inv := range w.invariants {
		for _, family := range inv.Kinds {
			if kind.In(family) {
				list = append(list, w.checkers[i])
				break
			}
		}
	}
	return list
}

// Finish ends the run and gives all violations, by invariant and in the order in which they
// were found.
func (w *Watch) Finish(end End) []Violation {
	var all []Violation
	for i, c := range w.checkers {
		c.Finish(end)
		for _, v := range c.Violations() {
			v.Invariant, v.Meaning = w.invariants[i].ID, w.invariants[i].Meaning
			all = append(all, v)
		}
	}
	return all
}
