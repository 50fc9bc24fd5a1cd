package figure

import (
	"cmp"
	"slices"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
	"bufsim/gate/buffer"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// measure is a number that each run has.
type measure struct {
	axis plotstyle.Axis
	// kinds are the events that it needs, none for a value of the result.
	kinds []string
	of    func(*runner.Result, []trace.Event) float64
}

// peakHeld is the number of slots that would have been enough.
func peakHeld() measure {
	return measure{plotstyle.Axis{Title: "requests held at once, at most"}, []string{string(buffer.KindBuffered)},
		func(_ *runner.Result, events []trace.Event) float64 {
			most := int64(0)
			for i := range events {
				most = max(most, events[i].Number("slots"))
			}
			return float64(most)
		}}
}

// drainTime is how long the drains of a run took, together.
func drainTime() measure {
	return measure{plotstyle.Axis{Title: "time to drain the buffer", Unit: "s"}, []string{string(buffer.KindDrained)},
		func(_ *runner.Result, events []trace.Event) float64 {
			sum := int64(0)
			for i := range events {
				sum += events[i].Number("took")
			}
			return float64(sum) / 1e9
		}}
}

func failures() measure {
	return measure{plotstyle.Axis{Title: "failed statements a run"}, nil,
		func(r *runner.Result, _ []trace.Event) float64 { return float64(r.Statements.Errors) }}
}

// herd is the most statements that primaries worked on at once from the end of the first
// buffering on.
func herd() measure {
	return measure{plotstyle.Axis{Title: "statements at the primary at once, at most"}, []string{string(buffer.KindStop), string(tablet.KindQuery)},
		func(_ *runner.Result, events []trace.Event) float64 { return float64(mostAtOnce(events)) }}
}

// mostAtOnce counts overlapping statements after the first stop.
func mostAtOnce(events []trace.Event) int {
	type change struct {
		at int64
		by int
	}
	var changes []change
	stop := slices.IndexFunc(events, func(e trace.Event) bool { return e.Kind == buffer.KindStop })
	if stop < 0 {
		return 0
	}
	since := events[stop].Time
	for i := range events {
		e := &events[i]
		if begin := e.Time - e.Number("took_ns"); e.Kind == tablet.KindQuery && begin >= since {
			changes = append(changes, change{begin, 1}, change{e.Time, -1})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	now, most := 0, 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}

// measuredCurve draws a measure against the first axis.
type measuredCurve struct {
	fromRecords
	measure
	values [][]float64
}

func measured(m measure) func(*sweep.Resolved) (Work, error) {
	return func(r *sweep.Resolved) (Work, error) {
		return &measuredCurve{fromRecords{r}, m, make([][]float64, len(r.Points))}, nil
	}
}

// Probe implements Work.
func (m *measuredCurve) Probe(o *runner.Options) func(*runner.Result) any {
	rec := trace.NewRecorder(trace.Filter{Kinds: m.kinds})
	if len(m.kinds) > 0 {
		o.Sink = rec
	}
	return func(r *runner.Result) any { return m.of(r, rec.Events()) }
}

// Sample implements Work.
func (m *measuredCurve) Sample(rec sweep.Record, sample any) {
	if v, ok := sample.(float64); ok {
		m.values[rec.Point] = append(m.values[rec.Point], v)
	}
}

// Figure implements Work.
func (m *measuredCurve) Figure(points []sweep.Summary) (plotstyle.Figure, error) {
	estimates := make([]stats.Estimate, len(m.values))
	for i, values := range m.values {
		e, err := mean(values)
		if err != nil {
			return plotstyle.Figure{}, err
		}
		estimates[i] = e
	}
	return m.plan.Curves(points, m.axis, func(i int) stats.Estimate { return estimates[i] })
}
