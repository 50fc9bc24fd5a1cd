package sweep

import (
	"slices"

	"bufsim/experiments/runner"
	"bufsim/sim/trace"
)

// A fault or a mark that never happens makes a point say nothing about it, and its number looks
// as good as any other. So every run tells what did not happen in it, and points and sweeps tell
// what happened in none of their runs.

// Fired is how often a fault happened at a point.
type Fired struct {
	Line string `json:"line"`
	Runs int    `json:"runs"`
}

// idleFaults are the faults of the run that did not happen.
func idleFaults(r *runner.Result) (lines []string) {
	for i := range r.Faults {
		if f := &r.Faults[i]; !f.Fired {
			lines = append(lines, f.Line)
		}
	}
	return lines
}

// markWatch is a sink that notes which of the plan's marks are reached.
type markWatch struct {
	missing []string
	next    trace.Sink
}

// Record implements trace.Sink.
func (w *markWatch) Record(e trace.Event) {
	if e.Kind == trace.KindMark {
		id := e.Text("id")
		w.missing = slices.DeleteFunc(w.missing, func(m string) bool { return m == id })
	}
	if w.next != nil {
		w.next.Record(e)
	}
}

// watchMarks has a run tell which of the plan's marks it does not reach.
func (r *Resolved) watchMarks(opts *runner.Options) *markWatch {
	w := &markWatch{missing: slices.Clone(r.Plan.Marks), next: opts.Sink}
	if len(w.missing) > 0 {
		opts.Sink = w
	}
	return w
}

// idle counts the runs in which something did not happen.
type idle map[string]int

func (c *idle) add(names []string) {
	for _, n := range names {
		if *c == nil {
			*c = idle{}
		}
		(*c)[n]++
	}
}

// faults counts the runs in which each fault of a point happened.
func (t *Tally) faults(point int) (list []Fired) {
	p := &t.points[point]
	for _, f := range t.resolved.Points[point].Setting.Scenario.Plan() {
		line := f.String()
		list = append(list, Fired{Line: line, Runs: len(p.rates) - p.idle[line]})
	}
	return list
}

// MarksMissed are the marks of the plan that no run reached.
func (t *Tally) MarksMissed() (ids []string) {
	for _, id := range t.resolved.Plan.Marks {
		if t.Runs == t.idleMarks[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// NeverFired are the faults of a point that happened in none of its runs.
func (s *Summary) NeverFired() (lines []string) {
	for _, f := range s.Faults {
		if f.Runs == 0 {
			lines = append(lines, f.Line)
		}
	}
	return lines
}
