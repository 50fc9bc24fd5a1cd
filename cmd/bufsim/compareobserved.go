package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/compare"
	"bufsim/experiments/observed"
	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// observedInput are the counters of a real gate that settings are to explain.
type observedInput struct{ after, before string }

func (in *observedInput) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&in.after, "observed", "", "rank settings by how well they explain a real gate's counters: `FILE` with a dump of its /metrics or /debug/vars")
	f.StringVar(&in.before, "before", "", "`FILE` with an earlier dump of the same gate, from before the failover; needs --observed")
}

// usualOutages are the axis of an explanation that says nothing about the outage.
const usualOutages = "1500ms,2s,3s,5s,8s,12s,20s,30s,45s"

// compareObserved ranks the points of a grid; words are its axes, NAME=VALUES.
func (a *app) compareObserved(c *cobra.Command, in *observedInput, set *settings, name, seeds, form string, words []string) error {
	plan := sweep.Plan{Scenario: name, Release: set.release, Seeds: seeds}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "prs=") }) {
		words = append([]string{"prs=" + usualOutages}, words...)
	}
	for _, w := range words {
		axis, values, ok := strings.Cut(w, "=")
		if !ok {
			return usage("%s: with --observed, arguments are what varies, NAME=VALUES, such as prs=2s..8s or buffer-window=5s,10s", w)
		}
		parsed, err := sweep.ParseAxis(strings.TrimLeft(axis, "-"), values)
		if err != nil {
			return usage("%s", withDashes(err))
		}
		plan.Vary = append(plan.Vary, parsed)
	}
	r, err := plan.Resolve(func(s *scenario.Scenario, p release.Profile) (flags.Set, error) { return set.resolve(c, a, s, p) })
	if err != nil {
		return usage("%s", withDashes(err))
	}
	counted, err := a.snapshots(in.after, in.before)
	if err != nil {
		return err
	}
	e, err := a.explain(counted.Buffer(), r)
	if err != nil {
		return err
	}
	if err := a.printExplanation(form, &report.ExplanationPage{Explanation: e, Replay: replayCompare(c, words)}); err != nil {
		return err
	}
	if e.None {
		return errFinding()
	}
	return nil
}

// explain plays the points with progress. An interrupt ends it without a ranking, which
// would be one of the settings that happened to come first.
func (a *app) explain(seen observed.Buffer, r *sweep.Resolved) (*compare.Explanation, error) {
	ctx, stop := interruptible()
	defer stop()
	bar := newProgress(a.err, "runs")
	e, err := compare.Explain(ctx, seen, r, bar.update)
	bar.end()
	switch {
	case errors.Is(err, context.Canceled):
		a.say("interrupted; settings are ranked only when all of them have been played")
		return nil, errInterrupted()
	case err != nil:
		return nil, usage("%v", err)
	}
	return e, nil
}

func (a *app) printExplanation(form string, page *report.ExplanationPage) error {
	switch form {
	case "json":
		return a.printJSON(page)
	case "csv":
		return a.printText(page.CSV())
	case "md":
		return a.printText(page.Markdown())
	}
	return a.printText(page.Text())
}
