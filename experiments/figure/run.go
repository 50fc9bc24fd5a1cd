package figure

import (
	"cmp"
	"fmt"
	"strings"

	"bufsim/experiments/explain"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/gate/buffer"
	"bufsim/sim/trace"
)

// Run is one run with what figures of a run need.
type Run struct {
	Result *runner.Result
	// Events are those that pass [Filter].
	Events []trace.Event
	// Account is what became of the requests.
	Account *explain.Account
	// Title is the figure's title, Unit what was played; empty is the scenario's name.
	Title, Unit string
}

// Filter passes the events that figures of a run need besides the account.
func Filter() trace.Filter { return trace.Filter{Kinds: []string{"buffer"}} }

func (r *Run) caption() plotstyle.Caption {
	return plotstyle.Caption{
		Runs: 1, Seeds: fmt.Sprint(r.Result.Seed), Release: r.Result.Release, Unit: cmp.Or(r.Unit, "scenario "+r.Result.Scenario),
		Note: "A single run is an example and says nothing about how often.",
	}
}

// outages are the spans of the reparents' outages, with the phases that they are made of.
func (r *Run) outages() []plotstyle.Span {
	var spans []plotstyle.Span
	for i := range r.Result.Operations {
		o := &r.Result.Operations[i]
		if _, _, ok := outageOf(o); !ok {
			continue
		}
		for _, p := range o.Phases {
			switch p.Name {
			case "demotion", "catch_up", "promotion", "undo":
				spans = append(spans, plotstyle.Span{Name: strings.ReplaceAll(p.Name, "_", "-"), From: seconds(int64(p.Begin)), To: seconds(int64(p.End))})
			}
		}
	}
	return withoutOverlap(spans)
}

// withoutOverlap ends each span where the next one begins: a promotion waits for its
// candidate to catch up, and one of them is shaded at a time.
func withoutOverlap(spans []plotstyle.Span) []plotstyle.Span {
	for i := range spans {
		if i+1 < len(spans) && spans[i+1].From >= spans[i].From {
			spans[i].To = min(spans[i].To, spans[i+1].From)
		}
	}
	return spans
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }

// scene is the part of the run that is worth showing: from a little before the first
// outage or held request to a little after the last.
func (r *Run) scene() (from, to float64, err error) {
	first, last := int64(-1), int64(-1)
	add := func(at int64) {
		if first < 0 || at < first {
			first = at
		}
		last = max(last, at)
	}
	for i := range r.Result.Operations {
		if from, to, ok := outageOf(&r.Result.Operations[i]); ok {
			add(from)
			add(to)
		}
	}
	for i := range r.Events {
		switch r.Events[i].Kind {
		case buffer.KindBuffered, buffer.KindReleased, buffer.KindDrained, buffer.KindSkipped:
			add(r.Events[i].Time)
		}
	}
	if first < 0 {
		return 0, 0, fmt.Errorf("nothing was held and no primary was moved in this run, so there is nothing to show")
	}
	margin := max(0.2, 0.08*seconds(last-first))
	return max(0, seconds(first)-margin), seconds(last) + margin, nil
}
