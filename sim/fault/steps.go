package fault

import (
	"slices"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// StepPlans enumerates a crash at each step of a recorded run: one plan for each event of
// the named kinds or families from the time since on, whose trigger names that very
// event. fields are the names of the fields that tell steps apart, fault the line of what
// happens without its beginning, where {host} stands for the event's host. Steps that
// look alike are told apart by their number.
//
//	plans, err := fault.StepPlans(events, up, []string{"tablet.step"}, []string{"call", "step"}, "crash {host} for 10s", kinds)
func StepPlans(events []trace.Event, since sim.Time, kinds, fields []string, line string, table Table) ([]Plan, error) {
	var plans []Plan
	var seen []string
	for i := range events {
		e := &events[i]
		if sim.Time(e.Time) < since || !slices.ContainsFunc(kinds, e.Kind.In) {
			continue
		}
		w := When{Event: e.Kind, Where: []Match{{"host", e.Host}}, Nth: 1}
		for _, name := range fields {
			if f, ok := e.Get(name); ok {
				w.Where = append(w.Where, Match{name, value(f)})
			}
		}
		key := w.String()
		for _, other := range seen {
			if other == key {
				w.Nth++
			}
		}
		seen = append(seen, key)
		p := Pattern{Lines: []string{w.String() + " " + line}, Params: []Arg{{"host", e.Host}}}
		plan, err := p.Plan(table)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	return plans, nil
}
