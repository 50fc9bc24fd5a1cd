package figure

import (
	"fmt"
	"slices"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/sweep"
	"bufsim/gate/buffer"
	"bufsim/sim/trace"
)

// latency is the distribution of the time that held requests waited in the buffer: what
// buffering adds to their latency.
type latency struct {
	fromRecords
	held [][][]float64 // seconds, sorted: by point, run and request
}

func newLatency(r *sweep.Resolved) (Work, error) {
	return &latency{fromRecords{r}, make([][][]float64, len(r.Points))}, nil
}

// Probe implements Work.
func (l *latency) Probe(o *runner.Options) func(*runner.Result) any {
	waits := &heldTimes{}
	o.Sink = waits
	return func(*runner.Result) any {
		slices.Sort(waits.seconds)
		return waits.seconds
	}
}

// heldTimes is a sink that collects how long requests were held.
type heldTimes struct{ seconds []float64 }

// Record implements trace.Sink.
func (h *heldTimes) Record(e trace.Event) {
	if e.Kind == buffer.KindUnblocked || e.Kind == buffer.KindEvicted {
		h.seconds = append(h.seconds, float64(e.Number("held"))/1e9)
	}
}

// Sample implements Work.
func (l *latency) Sample(rec sweep.Record, sample any) {
	if held, ok := sample.([]float64); ok && len(held) > 0 {
		l.held[rec.Point] = append(l.held[rec.Point], held)
	}
}

// steps is the number of places at which distributions are drawn.
const steps = 80

// Figure implements Work. Each curve is the mean over runs of the share of requests that
// waited no longer.
func (l *latency) Figure([]sweep.Summary) (plotstyle.Figure, error) {
	longest := 0.0
	for _, runs := range l.held {
		for _, held := range runs {
			longest = max(longest, held[len(held)-1])
		}
	}
	if longest == 0 {
		return plotstyle.Figure{}, fmt.Errorf("no request was held in any run")
	}
	body := plotstyle.Curves{
		X: plotstyle.Axis{Title: "wait in the buffer", Unit: "s"}, Y: plotstyle.Axis{Title: "held requests that waited no longer", Percent: true},
	}
	for i, runs := range l.held {
		if len(runs) == 0 {
			continue // nothing was held here
		}
		s := plotstyle.Series{Name: l.name(i)}
		for j := range steps + 1 {
			x := longest * float64(j) / steps
			shares := make([]float64, len(runs))
			for k, held := range runs {
				shares[k] = shareUpTo(held, x)
			}
			e, err := mean(shares)
			if err != nil {
				return plotstyle.Figure{}, err
			}
			s.X, s.Y = append(s.X, x), append(s.Y, e.Mean)
			if e.Bounded() {
				s.Low, s.High = append(s.Low, e.Low), append(s.High, e.High)
			}
		}
		body.Series = append(body.Series, s)
	}
	caption := l.plan.Caption()
	caption.Note = "Runs in which nothing was held are left out."
	return plotstyle.Figure{Title: l.plan.Plan.Title, Caption: caption, Body: body}, nil
}

// shareUpTo is the share of sorted values that are at most x.
func shareUpTo(sorted []float64, x float64) float64 {
	n, _ := slices.BinarySearchFunc(sorted, x, func(v, x float64) int {
		if v <= x {
			return -1
		}
		return 1
	})
	return float64(n) / float64(len(sorted))
}

func (l *latency) name(point int) string { return settingName(l.plan, point) }

// settingName names a point by all of its values.
func settingName(r *sweep.Resolved, point int) string {
	first := r.AxisTitle(0) + " " + r.Points[point].At[0]
	if r.Axes[0].Name == "scenario" {
		first = shortValue(r.Points[point].At[0])
	}
	return first + shortVariant(r, point)
}
