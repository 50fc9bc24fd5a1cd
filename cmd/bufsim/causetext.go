package main

import (
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
	"bufsim/experiments/stats"
)

// chanceWidth is the length of a bar that stands for all runs.
const chanceWidth = 40

func bar(failed, of int) string {
	return fmt.Sprintf("%-*s %3d %%", chanceWidth, strings.Repeat("#", failed*chanceWidth/of), failed*100/of)
}

func tippingCSV(t *hunt.Tipping) string {
	var b strings.Builder
	b.WriteString("decisions,time_s,failed,continuations,low,high\n")
	for _, p := range t.Points {
		share, err := stats.Wilson(p.Failed, t.Continuations, 0.95)
		if err != nil {
			panic(err) // there is at least one continuation
		}
		fmt.Fprintf(&b, "%d,%.6f,%d,%d,%.4f,%.4f\n", p.Prefix, p.Time.Duration().Seconds(), p.Failed, t.Continuations, share.Low, share.High)
	}
	return b.String()
}

// tippingText draws the share of failing continuations against the length of the beginning.
func tippingText(t *hunt.Tipping) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d decisions; %d runs, %d continuations of each beginning\n\n", t.Signature, t.Decisions, t.Runs, t.Continuations)
	fmt.Fprintf(&b, "%9s  %12s  share of continuations that fail\n", "decisions", "next at")
	for _, p := range t.Points {
		at := "(over)"
		if p.Prefix < t.Decisions {
			at = p.Time.String()
		}
		fmt.Fprintf(&b, "%9d  %12s  %s\n", p.Prefix, at, bar(p.Failed, t.Continuations))
	}
	b.WriteByte('\n')
	switch {
	case t.Likely < 0:
		b.WriteString("No beginning makes the failure likely: the case fails at its last decisions.\n")
	case t.Likely == 0:
		b.WriteString("The failure is likely from the start: most schedules show it.\n")
	default:
		fmt.Fprintf(&b, "It became likely with decision %d (%s) at %s: %s.\n", t.Likely, t.Tip, t.TipAt, t.TipMeans)
	}
	if t.Certain >= 0 {
		fmt.Fprintf(&b, "After %d decisions no continuation escaped it any more.\n", t.Certain)
	}
	n := t.Nearest
	if n == nil {
		b.WriteString("No continuation passed.\n")
		return b.String()
	}
	fmt.Fprintf(&b, "The nearest run that passes decides number %d otherwise: %s instead of %s.\n", n.Differs+1, n.Pass, n.Case)
	if n.PassMeans != "" {
		fmt.Fprintf(&b, "  At %s, in the case:        %s.\n  In the run that passes: %s.\n", n.At, n.CaseMeans, n.PassMeans)
	}
	return b.String()
}

func timingCSV(t *explain.Timing) string {
	var b strings.Builder
	b.WriteString("time_s,failed,runs,low,high\n")
	for _, p := range t.Points {
		fmt.Fprintf(&b, "%.3f,%d,%d,%.4f,%.4f\n", p.At.Seconds(), p.Failed, t.Seeds, p.Low, p.High)
	}
	return b.String()
}

// timingText draws the share of runs that fail against the time of an operation.
func timingText(t *explain.Timing) string {
	var b strings.Builder
	what, column := "instant of "+t.Operation, "instant"
	if t.After != "" {
		what, column = fmt.Sprintf("pause between %s and %s", t.After, t.Operation), "pause"
	}
	fmt.Fprintf(&b, "%s: %d runs, %d seeds at each %s\n\n%12s  share of runs that fail (95 %% interval)\n", t.Scenario, t.Runs, t.Seeds, what, column)
	for _, p := range t.Points {
		own := ""
		if p.At == t.Own.Round(time.Millisecond) {
			own = "  <- the scenario's own"
		}
		fmt.Fprintf(&b, "%12s  %s (%.0f to %.0f %%)%s\n", p.At, bar(p.Failed, t.Seeds), 100*p.Low, 100*p.High, own)
	}
	b.WriteByte('\n')
	turns := 0
	for i := 1; i < len(t.Points); i++ {
		before, after := 2*t.Points[i-1].Failed > t.Seeds, 2*t.Points[i].Failed > t.Seeds
		if before != after {
			turns++
			word := "unlikely"
			if after {
				word = "likely"
			}
			fmt.Fprintf(&b, "Between %s and %s the failure becomes %s.\n", t.Points[i-1].At, t.Points[i].At, word)
		}
	}
	if turns == 0 {
		fmt.Fprintf(&b, "The %s does not decide it.\n", what)
	}
	b.WriteString(nearestText(t, column))
	return b.String()
}

func nearestText(t *explain.Timing, column string) string {
	n := t.Nearest
	if n == nil {
		return "All runs come out alike.\n"
	}
	outcome := "passes"
	if n.Fails {
		outcome = "fails"
	}
	text := fmt.Sprintf("The nearest run that %s has seed %d and the %s %s instead of %s.\n", outcome, n.Seed, column, n.At, t.Own)
	tell := func(which string, l *explain.Link) {
		if l == nil {
			text += fmt.Sprintf("  %s nothing more happens.\n", which)
			return
		}
		text += fmt.Sprintf("  %s at %.3fs: %s\n", which, l.At.Duration().Seconds(), l.Text)
	}
	if n.Own == nil && n.Other == nil {
		return text + "The same things happen in both, at other times.\n"
	}
	text += "The first thing that happens otherwise:\n"
	tell("in the scenario's run", n.Own)
	tell("in that one          ", n.Other)
	return text
}
