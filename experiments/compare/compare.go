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
	// Runs are those that both sides have: fewer than the seeds after an interrupt, or when the
	// difference was known well enough.
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

// Options are how sides are played.
type Options struct {
	// Until stops once the interval of the difference of the failed statements' shares is so
	// narrow; nil plays all seeds.
	Until *stats.FixedWidth
	// Progress is told after each run how many are done, and how many there are at most.
	Progress func(done, total int)
}

// Play plays both sides with the same seeds and compares them. When ctx ends, what both
// sides have played is compared, and its error comes with it.
func Play(ctx context.Context, a, b Side, seeds scenario.Seeds, o Options) (*Comparison, error) {
	c := &Comparison{First: a, Second: b, Seeds: seeds}
	v := &values{}
	var played error
	for _, round := range o.rounds(seeds) {
		done := v.runs()
		tally, err := sweep.Run(ctx, sweep.Pair(a.Setting, b.Setting, round), sweep.Options{
			Write: v.take,
			Progress: func(n, _ int) {
				if o.Progress != nil {
					o.Progress(2*done+n, 2*int(seeds.Count()))
				}
			},
		})
		c.OurFault, played = tally.OurFault, err
		if err != nil || c.OurFault != nil || o.reached(v) {
			break
		}
	}
	if c.Runs = v.runs(); c.Runs == 0 {
		return c, played
	}
	if err := c.compare(v); err != nil {
		return c, err
	}
	return c, played
}

// rounds divides the seeds where somebody looks after each part.
func (o Options) rounds(seeds scenario.Seeds) (list []scenario.Seeds) {
	if o.Until == nil {
		return []scenario.Seeds{seeds}
	}
	for first := seeds.First; first <= seeds.Last; first += stats.SeedsPerRound {
		list = append(list, scenario.Seeds{First: first, Last: min(first+stats.SeedsPerRound-1, seeds.Last)})
	}
	return list
}

// reached reports whether the difference is known well enough. Where both sides agree in all
// runs, it is after as many as [stats.EqualRunsMin] says.
func (o Options) reached(v *values) bool {
	if o.Until == nil || v.runs() == 0 {
		return false
	}
	f, err := newFigure(figures()[0].name, figures()[0].unit, v.first[0], v.second[0])
	return err == nil && o.Until.Reached(f.Diff)
}

// values are what is compared, figure by figure, run by run, and nothing else of the runs.
type values struct {
	first, second [][]float64
	waiting       map[uint64][]float64 // of first sides whose second ones are not there yet
}

// runs is the number of pairs.
func (v *values) runs() int {
	if len(v.second) == 0 {
		return 0
	}
	return len(v.second[0])
}

// take notes a record. Pairs come in the order of their seeds.
func (v *values) take(rec sweep.Record) error {
	list := figures()
	if v.first == nil {
		v.first, v.second, v.waiting = make([][]float64, len(list)), make([][]float64, len(list)), map[uint64][]float64{}
	}
	mine := make([]float64, len(list))
	for i, f := range list {
		mine[i] = f.of(&rec)
	}
	if rec.Point == 0 {
		v.waiting[rec.Seed] = mine
		return nil
	}
	for i := range list {
		v.first[i], v.second[i] = append(v.first[i], v.waiting[rec.Seed][i]), append(v.second[i], mine[i])
	}
	delete(v.waiting, rec.Seed)
	return nil
}

// compare makes the figures of the pairs.
func (c *Comparison) compare(v *values) error {
	var ps []float64
	for i, f := range figures() {
		fig, err := newFigure(f.name, f.unit, v.first[i], v.second[i])
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
