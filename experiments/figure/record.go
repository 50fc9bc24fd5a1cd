package figure

import (
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
)

// fromRecords is the part of works that need nothing beyond the records.
type fromRecords struct{ plan *sweep.Resolved }

// Probe implements Work.
func (fromRecords) Probe(*runner.Options) func(*runner.Result) any {
	return func(*runner.Result) any { return nil }
}

// Sample implements Work.
func (fromRecords) Sample(sweep.Record, any) {}

// curve is error rate against the first axis.
type curve struct{ fromRecords }

func newCurve(r *sweep.Resolved) (Work, error) { return curve{fromRecords{r}}, nil }

// Figure implements Work.
func (c curve) Figure(points []sweep.Summary) (plotstyle.Figure, error) {
	return sweep.Figure(c.plan, points)
}

// bootstrapSeed starts the resampling; it is part of the published method.
const bootstrapSeed = 1

// mean is the mean over runs with its interval.
func mean(runs []float64) (stats.Estimate, error) {
	return stats.Mean(runs, stats.NewRand(bootstrapSeed), stats.Options{})
}
