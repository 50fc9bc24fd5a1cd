package figure

import (
	"fmt"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/stats"
)

const chanceInterval = "95 % Wilson score interval"

// Timing draws the share of runs that fail against the time of an operation.
func Timing(t *explain.Timing) plotstyle.Figure {
	x := plotstyle.Axis{Title: "instant of " + t.Operation, Unit: "s"}
	if t.After != "" {
		x.Title = fmt.Sprintf("pause between %s and %s", t.After, t.Operation)
	}
	s := plotstyle.Series{Name: "runs that fail"}
	for _, p := range t.Points {
		s.X, s.Y = append(s.X, p.At.Seconds()), append(s.Y, float64(p.Failed)/float64(t.Seeds))
		s.Low, s.High = append(s.Low, p.Low), append(s.High, p.High)
	}
	return plotstyle.Figure{
		Title: fmt.Sprintf("When %s makes the scenario %s fail.", t.Operation, t.Scenario),
		Caption: plotstyle.Caption{
			Runs: t.Seeds, Seeds: fmt.Sprintf("%d-%d, the same for every point", t.FirstSeed, t.FirstSeed+uint64(t.Seeds)-1),
			Release: t.Release, Unit: "the scenario once", Interval: chanceInterval, Note: "A run fails if a statement fails, or if it shows what it should not.",
		},
		Body: plotstyle.Curves{
			X: x, Y: plotstyle.Axis{Title: "runs that fail", Percent: true}, Series: []plotstyle.Series{s},
			References: []plotstyle.Reference{{X: t.Own.Seconds(), Label: "the scenario's own"}},
		},
	}
}

// Tipping draws the share of continuations that fail against the virtual time at which they leave
// a case; of several beginnings that end at one instant the longest counts. A case that makes all
// its decisions at one instant or two is drawn against their number.
func Tipping(t *hunt.Tipping, release string) (plotstyle.Figure, error) {
	timed, counted := tippingSeries(t)
	body := plotstyle.Curves{X: plotstyle.Axis{Title: "virtual time of the next decision", Unit: "s"}, Y: plotstyle.Axis{Title: "continuations that fail", Percent: true}}
	s := timed
	if len(timed.X) < 3 {
		s, body.X = counted, plotstyle.Axis{Title: "decisions of the case that were followed"}
	}
	for i, yes := range s.Y {
		share, err := stats.Wilson(int(yes), t.Continuations, 0.95)
		if err != nil {
			return plotstyle.Figure{}, err
		}
		s.Y[i] = share.Mean
		s.Low, s.High = append(s.Low, share.Low), append(s.High, share.High)
	}
	body.Series = []plotstyle.Series{s}
	return plotstyle.Figure{
		Title: fmt.Sprintf("When the case of %s became certain to fail.", t.Signature),
		Caption: plotstyle.Caption{
			Runs: t.Continuations, Seeds: fmt.Sprintf("of the continuations 1-%d", t.Continuations), Release: release,
			Unit: "a beginning of the case with a random continuation", Interval: chanceInterval,
		},
		Body: body,
	}, nil
}

// tippingSeries counts the failures against time and against the number of decisions.
func tippingSeries(t *hunt.Tipping) (timed, counted plotstyle.Series) {
	timed.Name, counted.Name = "continuations that fail", "continuations that fail"
	for _, p := range t.Points {
		failed := float64(p.Failed)
		counted.X, counted.Y = append(counted.X, float64(p.Prefix)), append(counted.Y, failed)
		at := seconds(int64(p.Time))
		if n := len(timed.X); n > 0 && at <= timed.X[n-1] {
			timed.Y[n-1] = failed // the same instant, or the end
			continue
		}
		timed.X, timed.Y = append(timed.X, at), append(timed.Y, failed)
	}
	return timed, counted
}
