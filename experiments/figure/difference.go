package figure

import (
	"errors"
	"fmt"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
)

// difference is error rate against the first axis, less that at the last axis's first
// value: seed by seed, since equal seeds have the same traffic.
type difference struct {
	fromRecords
	rates [][]float64
}

func newDifference(r *sweep.Resolved) (Work, error) {
	if r.Plan.Random > 0 {
		return nil, errors.New("random points have no partners; draw the grid")
	}
	if n := len(r.Axes); n < 2 || len(r.Axes[n-1].Values) < 2 {
		return nil, errors.New("a difference needs a plan of two axes or more, the last of which has two values or more")
	}
	return &difference{fromRecords{r}, make([][]float64, len(r.Points))}, nil
}

// Sample implements Work.
func (d *difference) Sample(rec sweep.Record, _ any) {
	d.rates[rec.Point] = append(d.rates[rec.Point], rec.ErrorRate)
}

// Figure implements Work.
func (d *difference) Figure(points []sweep.Summary) (plotstyle.Figure, error) {
	last := d.plan.Axes[len(d.plan.Axes)-1]
	block := len(d.plan.Points) / len(last.Values) // the points with one value of the last axis
	if len(points) != len(d.plan.Points) {
		return plotstyle.Figure{}, fmt.Errorf("%d of the %d points were played", len(points), len(d.plan.Points))
	}
	diffs := make([]stats.Estimate, len(points))
	for i := block; i < len(points); i++ {
		c, err := stats.Compare(d.rates[i%block], d.rates[i], stats.NewRand(bootstrapSeed), stats.Options{})
		if err != nil {
			return plotstyle.Figure{}, err
		}
		diffs[i] = c.Diff
	}
	y := plotstyle.Axis{Title: "failed statements, less those at " + d.plan.AxisTitle(len(d.plan.Axes)-1) + " " + last.Values[0], Percent: true}
	return d.plan.Curves(points[block:], y, func(i int) stats.Estimate { return diffs[block+i] })
}
