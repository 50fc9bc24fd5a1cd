package figure

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"bufsim/experiments/analytic"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
)

// beside is failed statements a run, simulated and by the formulas of package analytic.
// The formulas get each run's own outage.
type beside struct {
	fromRecords
	failed, formula [][]float64
	err             error
}

func newAnalytic(r *sweep.Resolved) (Work, error) {
	if r.Axes[0].Name != "buffer-window" {
		return nil, errors.New("the formulas need buffer-window as the first axis")
	}
	if len(r.Axes) > 1 && 2*len(r.Points)/len(r.Axes[0].Values) > 7 {
		return nil, errors.New("each variant takes two curves, and seven are the most that can be told apart")
	}
	return &beside{fromRecords: fromRecords{r}, failed: make([][]float64, len(r.Points)), formula: make([][]float64, len(r.Points))}, nil
}

// Sample implements Work.
func (b *beside) Sample(rec sweep.Record, _ any) {
	set := b.plan.Points[rec.Point].Setting
	n, err := formula(set.Scenario.Workload, set.Flags.VTGate.BufferWindow, rec.Outage)
	b.err = errors.Join(b.err, err)
	b.failed[rec.Point] = append(b.failed[rec.Point], float64(rec.Errors))
	b.formula[rec.Point] = append(b.formula[rec.Point], n)
}

// formula adds up what the formulas say of all groups of clients.
func formula(groups []scenario.ClientGroup, window, outage time.Duration) (sum float64, err error) {
	for _, g := range groups {
		n := 0.0
		switch {
		case g.Open != nil && g.Open.Arrival == scenario.ArrivalPoisson && g.Open.Connections == 0:
			n = analytic.Poisson{Rate: float64(g.Open.Rate)}.Failures(window, outage)
		case g.Closed != nil && g.Closed.OnError == scenario.OnErrorFast:
			low, high, ok := evenly(g.Closed.Think)
			if !ok {
				return 0, fmt.Errorf("group %s: the formula knows constant and uniform pauses only", g.Name)
			}
			c := analytic.Closed{Clients: g.Closed.Clients, ThinkMin: low, ThinkMax: high, Reconnect: g.Closed.RetryWait.Std()}
			if n, err = c.Failures(window, outage); err != nil {
				return 0, err
			}
		default:
			return 0, fmt.Errorf("group %s: there is no formula for this kind of clients", g.Name)
		}
		sum += n
	}
	return sum, nil
}

// Figure implements Work.
func (b *beside) Figure(points []sweep.Summary) (plotstyle.Figure, error) {
	if b.err != nil {
		return plotstyle.Figure{}, b.err
	}
	block := len(b.plan.Axes[0].Values)
	body := plotstyle.Curves{X: plotstyle.Axis{Title: "buffer-window", Unit: "s"}, Y: plotstyle.Axis{Title: "failed statements a run"}}
	for first := 0; first < len(points); first += block {
		name := shortVariant(b.plan, first)
		simulated, model := plotstyle.Series{Name: "simulated" + name}, plotstyle.Series{Name: "formula" + name}
		for i := first; i < first+block; i++ {
			x := b.plan.Points[i].Setting.Flags.VTGate.BufferWindow.Seconds()
			e, err := mean(b.failed[i])
			if err != nil {
				return plotstyle.Figure{}, err
			}
			m, err := mean(b.formula[i])
			if err != nil {
				return plotstyle.Figure{}, err
			}
			simulated.X, simulated.Y = append(simulated.X, x), append(simulated.Y, e.Mean)
			if e.Bounded() {
				simulated.Low, simulated.High = append(simulated.Low, e.Low), append(simulated.High, e.High)
			}
			model.X, model.Y = append(model.X, x), append(model.Y, m.Mean)
		}
		body.Series = append(body.Series, simulated, model)
	}
	return plotstyle.Figure{Title: b.plan.Plan.Title, Caption: b.plan.Caption(), Body: body}, nil
}

// evenly gives the ends of a constant or uniform pause.
func evenly(d scenario.Dist) (low, high time.Duration, ok bool) {
	switch d.Kind {
	case scenario.DistUniform:
		return d.Min.Std(), d.Max.Std(), true
	case scenario.DistConstant, "":
		return d.Value.Std(), d.Value.Std(), true
	}
	return 0, 0, false
}

// shortVariant names what a point has besides its window, "" if there is nothing.
func shortVariant(r *sweep.Resolved, point int) string {
	name := ""
	for i, v := range r.Points[point].At[1:] {
		if r.Axes[i+1].Name == "scenario" {
			name += ", " + shortValue(v)
			continue
		}
		name += ", " + r.AxisTitle(i+1) + " " + v
	}
	return name
}

// shortValue is a scenario's name without folder and ending; other values are as they are.
func shortValue(v string) string {
	return strings.TrimSuffix(path.Base(v), ".yaml")
}
