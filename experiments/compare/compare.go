package compare

import (
	"context"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
)

// Figure is one thing that is compared.
type Figure struct {
	Name string `json:"name"`
	// Unit is share, count or s.
	Unit   string         `json:"unit"`
	First  stats.Estimate `json:"first"`
	Second stats.Estimate `json:"second"`
	// Diff is the mean of second - first over the runs with its interval.
	Diff stats.Estimate `json:"difference"`
	// P is the p-value of "no difference", corrected by Holm.
	P       float64 `json:"p"`
	Verdict Verdict `json:"verdict"`
}

// Verdict says what the runs decide.
type Verdict string

// The verdicts.
const (
	// Undecided: the difference may be luck.
	Undecided Verdict = "~"
	// Same: each run gave both sides the same value.
	Same    Verdict = "same"
	Lower   Verdict = "lower"
	Higher  Verdict = "higher"
	decided         = 0.05
)

// Comparison is the outcome.
type Comparison struct {
	First, Second Side
	Seeds         scenario.Seeds
	// Runs are those that both sides have; fewer than the seeds after an interrupt.
	Runs    int
	Figures []Figure
	// OurFault is the first run in which the simulated program failed.
	OurFault *sweep.Record
}

// figures are what is compared, each with its value in a record.
func figures() []struct {
	name, unit string
	of         func(*sweep.Record) float64
} {
	seconds := func(d time.Duration) float64 { return d.Seconds() }
	return []struct {
		name, unit string
		of         func(*sweep.Record) float64
	}{
		{"failed statements, share", "share", func(r *sweep.Record) float64 { return r.ErrorRate }},
		{"failed statements", "count", func(r *sweep.Record) float64 { return float64(r.Errors) }},
		{"lost statements", "count", func(r *sweep.Record) float64 { return float64(r.Lost) }},
		{"runs with an error", "share", func(r *sweep.Record) float64 { return float64(min(r.Errors, 1)) }},
		{"latency, 99 %", "s", func(r *sweep.Record) float64 { return seconds(r.P99) }},
		{"latency, longest", "s", func(r *sweep.Record) float64 { return seconds(r.Max) }},
		{"write outage", "s", func(r *sweep.Record) float64 { return seconds(r.Outage) }},
		{"requests buffered", "count", func(r *sweep.Record) float64 { return float64(r.Buffered) }},
		{"requests evicted", "count", func(r *sweep.Record) float64 { return float64(r.Evicted) }},
		{"requests not buffered", "count", func(r *sweep.Record) float64 { return float64(r.Skipped) }},
	}
}

// Play plays both sides with all seeds and compares them. When ctx ends, what both
// sides have played is compared, and its error comes with it.
func Play(ctx context.Context, a, b Side, seeds scenario.Seeds, progress func(done, total int)) (*Comparison, error) {
	c := &Comparison{First: a, Second: b, Seeds: seeds}
	pairs := map[uint64][2]*sweep.Record{}
	order := []uint64{}
	r := sweep.Pair(a.Setting, b.Setting, seeds)
	tally, played := sweep.Run(ctx, r, sweep.Options{Progress: progress, Write: func(rec sweep.Record) error {
		p := pairs[rec.Seed]
		p[rec.Point] = &rec
		pairs[rec.Seed] = p
		if rec.Point == 1 {
			order = append(order, rec.Seed)
		}
		return nil
	}})
	c.OurFault, c.Runs = tally.OurFault, len(order)
	if len(order) == 0 {
		return c, played
	}
	if err := c.compare(pairs, order); err != nil {
		return c, err
	}
	return c, played
}

// compare makes the figures of the pairs.
func (c *Comparison) compare(pairs map[uint64][2]*sweep.Record, order []uint64) error {
	var ps []float64
	for _, f := range figures() {
		var first, second []float64
		for _, seed := range order {
			first, second = append(first, f.of(pairs[seed][0])), append(second, f.of(pairs[seed][1]))
		}
		fig, err := newFigure(f.name, f.unit, first, second)
		if err != nil {
			return err
		}
		c.Figures = append(c.Figures, fig)
		ps = append(ps, fig.P)
	}
	adjusted, err := stats.Holm(ps)
	if err != nil {
		return err
	}
	for i := range c.Figures {
		c.Figures[i].P = adjusted[i]
		c.Figures[i].Verdict = c.Figures[i].decide()
	}
	return nil
}

// seed starts the resampling; equal runs give equal intervals.
const seed = 1

func newFigure(name, unit string, first, second []float64) (f Figure, err error) {
	f = Figure{Name: name, Unit: unit}
	if f.First, err = stats.Mean(first, stats.NewRand(seed), stats.Options{}); err != nil {
		return f, err
	}
	if f.Second, err = stats.Mean(second, stats.NewRand(seed), stats.Options{}); err != nil {
		return f, err
	}
	paired, err := stats.Compare(first, second, stats.NewRand(seed), stats.Options{})
	f.Diff, f.P = paired.Diff, paired.P
	return f, err
}

// decide gives the verdict; P is corrected already.
func (f *Figure) decide() Verdict {
	switch {
	case f.Diff.Method == stats.AllEqual && f.Diff.Mean == 0:
		return Same
	case f.P >= decided:
		return Undecided
	case f.Diff.Mean < 0:
		return Lower
	}
	return Higher
}
