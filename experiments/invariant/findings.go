package invariant

import (
	"fmt"
	"slices"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// findings collects the violations of one checker: one for each object and excuse, with the
// number of times. It is a part of every checker.
type findings struct {
	list []Violation
}

// Violations implements Checker.
func (f *findings) Violations() []Violation { return f.list }

// violate notes a violation that nothing excuses.
func (f *findings) violate(object string, at sim.Time, shown []trace.Event, format string, args ...any) {
	f.excused("", object, at, shown, format, args...)
}

// excused notes a violation outside of the promise's conditions; "" excuses nothing.
func (f *findings) excused(excuse, object string, at sim.Time, shown []trace.Event, format string, args ...any) {
	for i := range f.list {
		if v := &f.list[i]; v.Object == object && v.Excused == excuse {
			v.Count++
			return
		}
	}
	if len(f.list) >= violationsMax {
		return
	}
	v := Violation{Object: object, At: at, Count: 1, Detail: fmt.Sprintf(format, args...), Excused: excuse}
	for i := range shown {
		if shown[i].Kind != "" {
			v.Events = append(v.Events, trace.Line(&shown[i]))
		}
	}
	f.list = append(f.list, v)
}

// violationsMax bounds what one checker tells of a run in which everything is broken.
const violationsMax = 20

// keep copies an event, so that it can be shown later.
func keep(e trace.Event) trace.Event {
	e.Fields = slices.Clone(e.Fields)
	return e
}

// shown lists events that show a violation; those that were never seen are left out.
func shown(events ...trace.Event) []trace.Event { return events }

// at is the instant of an event.
func at(e *trace.Event) sim.Time { return sim.Time(e.Time) }

// restarted reports whether an event is the end or the beginning of a process, which knows
// nothing of an earlier one.
func restarted(e *trace.Event) bool {
	what := e.Text("what")
	return e.Kind == trace.KindHost && (what == "crash" || what == "boot")
}
