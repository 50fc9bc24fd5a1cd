package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/explain"
	"bufsim/experiments/figure"
	"bufsim/experiments/hunt"
	"bufsim/experiments/plotstyle"
)

// causeInput is what the command line of cause says.
type causeInput struct {
	job           jobInput
	continuations int
	points        int
	operation     string
	plot          string
}

func (a *app) causeCommand() *cobra.Command {
	var (
		in   causeInput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "cause CASE|SCENARIO",
		Short: "Find the decision, or the instant, that made a run fail",
		Long: `Plays beginnings of a case's schedule, each with random continuations, and shows how the
share of those that fail grows: when the failure became likely (more than half), when no
continuation escaped it any more, the decision in between, and the run that passes and
leaves the case's schedule last.

Of a scenario, which makes no such decisions, it plays many seeds, moves an operation to
and fro, and shows at which instants runs fail, the nearest run that comes out otherwise,
and the first thing that happens in one of the two only. A run fails if a statement fails,
or if it shows what it should not.`,
		Example: `  bufsim cause cases/buffer-window-GATE-SHARD
  bufsim cause case.yaml --continuations 50 -o csv
  bufsim cause 4 --release v13 --plot second-reparent.png
  bufsim cause default --prs 11s --operation op1`,
		Args:              exactlyOne("case or scenario", "bufsim cause FOLDER"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if in.continuations < 1 || in.points < 2 {
				return usage("--continuations must be at least 1, --points at least 2")
			}
			if info, err := os.Stat(filepath.Dir(in.plot)); err != nil || !info.IsDir() {
				return usage("--plot %s: there is no such folder", in.plot)
			}
			ctx, stop := interruptible()
			defer stop()
			err := a.cause(ctx, c, &in, args[0], form.form)
			if ctx.Err() != nil {
				return errInterrupted()
			}
			return err
		},
	}
	in.job.register(c)
	in.job.variant.register(c)
	c.Flags().IntVar(&in.continuations, "continuations", 20, "random continuations of each beginning; of a scenario, seeds at each instant")
	c.Flags().IntVar(&in.points, "points", 9, "beginnings or instants to look at before the search narrows")
	c.Flags().StringVar(&in.operation, "operation", "", "`ID` of the operation of a scenario to move (default: the last)")
	c.Flags().StringVar(&in.plot, "plot", "", "draw the shares into `FILE`.png, FILE.svg and FILE.csv")
	form = registerOutput(c, "text", "json", "csv")
	return c
}

func (a *app) cause(ctx context.Context, c *cobra.Command, in *causeInput, name, form string) error {
	if isCase(name) || folder(name) {
		return a.causeOfCase(ctx, c, in, name, form)
	}
	j, err := a.prepare(c, &in.job, name)
	if err != nil {
		return err
	}
	t, err := explain.FindTiming(ctx, explain.Setting{Scenario: j.scenario, Release: j.profile, Flags: j.flags, Seed: j.seed},
		explain.TimingOptions{Operation: in.operation, Seeds: in.continuations, Points: in.points, Progress: a.soFar()})
	if err != nil {
		return usage("%v", err)
	}
	if err := a.plotChances(in.plot, figure.Timing(t), nil); err != nil {
		return err
	}
	a.sayReplay(j.replay)
	if form == "csv" {
		return a.printText(timingCSV(t))
	}
	return a.print(form, t, func() string { return timingText(t) })
}

func folder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func (a *app) causeOfCase(ctx context.Context, c *cobra.Command, in *causeInput, path, form string) error {
	one, err := readCaseAlone(c, path, "continuations", "points", "plot", "output")
	if err != nil {
		return err
	}
	t, err := hunt.FindTipping(ctx, one, hunt.TippingOptions{Continuations: in.continuations, Points: in.points, Progress: a.soFar()})
	if err != nil {
		return usage("%s: %v", path, err)
	}
	fig, err := figure.Tipping(t, one.Input.Release)
	if err := a.plotChances(in.plot, fig, err); err != nil {
		return err
	}
	if form == "csv" {
		return a.printText(tippingCSV(t))
	}
	return a.print(form, t, func() string { return tippingText(t) })
}

// plotChances writes a figure, if one is wanted.
func (a *app) plotChances(path string, fig plotstyle.Figure, err error) error {
	if path == "" || err != nil {
		return err
	}
	base := strings.TrimSuffix(path, filepath.Ext(path))
	if err := fig.Save(filepath.Dir(base), filepath.Base(base)); err != nil {
		return cannot("write", base, err)
	}
	a.say("wrote %s.{png,svg,csv}", base)
	return nil
}
