package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/sweep"
)

func (a *app) sweepCommand() *cobra.Command {
	var (
		in   sweepInput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "sweep [PLAN.yaml]",
		Short: "Play many runs: error rate versus a flag",
		Long: `Plays a scenario once for each value of one Vitess flag, each wanted length of the
reparent's outage (--prs), each replication lag (--lag) and each seed, on all cores.
Every point uses the same seeds; intervals are over runs. Without a flag that has
several values, --buffer-window goes from 1s to 10s.

Values are lists and ranges: 1s,2s,5s or 1s..10s or 1s..3s/500ms or 2..10. Where
--buffer-window is swept, --buffer-max-failover-duration is raised to it as needed.

An interrupt lets the runs under way finish, prints what there is, and exits with 130.`,
		Example: `  bufsim sweep --buffer-window 1s..10s
  bufsim sweep --buffer-window 1s..10s --prs 2s,5s,9s --seeds 1-50 -o csv
  bufsim sweep --buffer-size 2..12/2 --scenario 5
  bufsim sweep experiments/window/plan.yaml -o ndjson > runs.ndjson`,
		Args:              atMostOne("plan"),
		ValidArgsFunction: planArgs,
		RunE: func(c *cobra.Command, args []string) error {
			r, err := a.resolveSweep(c, &in, args)
			if err != nil {
				return err
			}
			records, played := a.playSweep(r)
			if played != nil && !interrupted(played) {
				return played
			}
			if err := a.printSweep(form.form, r, records, replaySweep(c, r, args)); err != nil {
				return err
			}
			return played
		},
	}
	in.settings.register(c)
	in.register(c)
	form = registerOutput(c, "text", "csv", "json", "ndjson", "md")
	return c
}

// playSweep runs the plan with progress on stderr. An interrupt finishes the runs
// under way; the records come with an error of exit code 130 then. A second
// interrupt ends the program at once.
func (a *app) playSweep(r *sweep.Resolved) ([]sweep.Record, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	bar := newProgress(a.err, "runs")
	records, err := sweep.Run(ctx, r, bar.update)
	bar.end()
	for _, rec := range records {
		if rec.OurFault != "" {
			return records, ourFault(r, rec)
		}
	}
	if errors.Is(err, context.Canceled) {
		a.say("interrupted after %d of %d runs", len(records), runsOf(r))
		return records, errInterrupted()
	}
	if err != nil {
		return records, usage("%v", err)
	}
	return records, nil
}

// ourFault ends a sweep in which the simulated program failed.
func ourFault(r *sweep.Resolved, rec sweep.Record) error {
	return &exitError{exitOurFault, fmt.Sprintf("seed %d, --%s=%s, %s: the simulated program failed:\n%s",
		rec.Seed, r.Plan.Flag, rec.Value, rec.Variant, rec.OurFault)}
}

func interrupted(err error) bool {
	var own *exitError
	return errors.As(err, &own) && own.code == exitInterrupted
}

// printSweep prints the result of a sweep; with an interrupted one, of the runs
// that there are.
func (a *app) printSweep(form string, r *sweep.Resolved, records []sweep.Record, replay string) error {
	if form == "ndjson" || form == "csv" {
		a.sayReplay(replay)
	}
	if form == "ndjson" {
		return sweep.WriteNDJSON(a.out, records)
	}
	points, err := sweep.Summarise(r, records)
	if err != nil {
		return err
	}
	page := report.SweepPage{Resolved: r, Points: points, Runs: len(records), Planned: runsOf(r), Replay: replay}
	switch form {
	case "csv":
		return a.printText(page.CSV())
	case "json":
		return a.printJSON(page.JSON())
	case "md":
		return a.printText(page.Markdown())
	}
	return a.printText(page.Text())
}
