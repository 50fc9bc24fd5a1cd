package figure

import (
	"strings"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/sweep"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
	"bufsim/tablet/reparent"
)

// outcomes shows what became of the requests that met an outage: a bar for each setting,
// cut by what happened and why.
type outcomes struct {
	fromRecords
	sums [][]float64 // by point and part
	runs []int
}

func newOutcomes(r *sweep.Resolved) (Work, error) {
	o := &outcomes{fromRecords{r}, make([][]float64, len(r.Points)), make([]int, len(r.Points))}
	for i := range o.sums {
		o.sums[i] = make([]float64, len(parts()))
	}
	return o, nil
}

// part is one thing that can become of a request. Most are counters of the buffer.
type part struct{ name, series, reason string }

func parts() []part {
	const evicted, skipped = "vtgate_buffer_requests_evicted", "vtgate_buffer_requests_skipped"
	return []part{
		{"answered in the outage, not held", "", "answered"},
		{"held, then drained", "vtgate_buffer_requests_drained", ""},
		{"evicted: window exceeded", evicted, "WindowExceeded"},
		{"evicted: buffer full", evicted, "BufferFull"},
		{"evicted: client gave up", evicted, "ContextDone"},
		{"skipped: buffer full", skipped, "BufferFull"},
		{"skipped: last failover too recent", skipped, "LastFailoverTooRecent"},
		{"skipped: last reparent too recent", skipped, "LastReparentTooRecent"},
		{"skipped: disabled or shutting down", skipped, "Disabled Shutdown"},
		{"failed, not held and not counted", "", "failed"},
	}
}

// Probe implements Work.
func (o *outcomes) Probe(opts *runner.Options) func(*runner.Result) any {
	ends := &ends{}
	opts.Sink = ends
	return func(r *runner.Result) any { return ends.count(r) }
}

// Sample implements Work.
func (o *outcomes) Sample(rec sweep.Record, sample any) {
	counts, ok := sample.([]float64)
	if !ok {
		return
	}
	o.runs[rec.Point]++
	for i, n := range counts {
		o.sums[rec.Point][i] += n
	}
}

// ends is a sink that keeps the ends of requests that were not held.
type ends struct{ list []end }

type end struct {
	at     int64
	failed bool
}

// Record implements trace.Sink.
func (e *ends) Record(ev trace.Event) {
	if ev.Kind == gateway.KindEnd && ev.Number("held") == 0 {
		e.list = append(e.list, end{ev.Time, ev.Text("error") != ""})
	}
}

// count gives the number of each part. A request that was skipped fails in the end; what
// failed beyond those never came to the buffer's counters.
func (e *ends) count(r *runner.Result) []float64 {
	counts := make([]float64, len(parts()))
	skipped := 0.0
	for i, p := range parts() {
		counts[i] = counted(r, p)
		if strings.HasSuffix(p.series, "skipped") {
			skipped += counts[i]
		}
	}
	failed := 0.0
	for _, one := range e.list {
		switch {
		case one.failed:
			failed++
		case inOutage(r, one.at):
			counts[0]++
		}
	}
	counts[len(counts)-1] = max(0, failed-skipped)
	return counts
}

// counted adds up a part's series over all gates and shards.
func counted(r *runner.Result, p part) float64 {
	n := int64(0)
	for i := range r.Gates {
		for _, s := range r.Gates[i].Buffer {
			name, labels, _ := strings.Cut(s.Name, "{")
			if p.series == "" || name != p.series {
				continue
			}
			for reason := range strings.SplitSeq(p.reason, " ") {
				if reason == "" || strings.Contains(labels, `reason="`+reason+`"`) {
					n += s.Value
				}
			}
		}
	}
	return float64(n)
}

// inOutage tells whether a shard was without a serving primary.
func inOutage(r *runner.Result, at int64) bool {
	for i := range r.Operations {
		from, to, ok := outageOf(&r.Operations[i])
		if ok && at >= from && at <= to {
			return true
		}
	}
	return false
}

// outageOf is from the demotion to the promotion or the undo of a reparent, in
// nanoseconds.
func outageOf(o *runner.Operation) (from, to int64, ok bool) {
	begun := false
	for _, p := range o.Phases {
		switch p.Name {
		case string(reparent.PhaseDemotion):
			from, begun = int64(p.Begin), true
		case string(reparent.PhasePromotion), string(reparent.PhaseUndo):
			to, ok = int64(p.End), begun
		}
	}
	return from, to, ok
}

// Figure implements Work.
func (o *outcomes) Figure([]sweep.Summary) (plotstyle.Figure, error) {
	body := plotstyle.Bars{
		X: plotstyle.Axis{Title: "requests a run"}, Y: plotstyle.Axis{Title: "setting"},
	}
	for i := range o.plan.Points {
		body.Settings = append(body.Settings, settingName(o.plan, i))
	}
	for j, p := range parts() {
		values := make([]float64, len(o.plan.Points))
		for i := range values {
			values[i] = o.sums[i][j] / float64(max(1, o.runs[i]))
		}
		body.Parts = append(body.Parts, plotstyle.Part{Name: p.name, Values: values})
	}
	caption := o.plan.Caption()
	caption.Interval, caption.Note = "", "Means over runs; a statement that is sent again counts again."
	return plotstyle.Figure{Title: o.plan.Plan.Title, Caption: caption, Body: body}, nil
}
