package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

func (a *app) sweepCommand() *cobra.Command {
	var (
		s      settings
		in     sweepInput
		format string
	)
	c := &cobra.Command{
		Use:   "sweep [PLAN.yaml]",
		Short: "Play many runs: error rate versus a flag",
		Long: `Plays a scenario once for each value of one Vitess flag, each wanted length of the
reparent's outage (--prs), each replication lag (--lag) and each seed, on all cores.
Every point uses the same seeds; intervals are over runs.

Values are lists and ranges: 1s,2s,5s or 1s..10s or 1s..3s/500ms or 2..10.`,
		Example: `  bufsim sweep --buffer-window 1s..10s
  bufsim sweep --buffer-window 1s..10s --prs 2s,5s,9s --seeds 1-50 -o csv
  bufsim sweep --buffer-size 2..12/2 --scenario 5
  bufsim sweep experiments/window/plan.yaml -o ndjson > runs.ndjson`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := a.resolveSweep(c, &s, &in, args)
			if err != nil {
				return err
			}
			records, err := a.playSweep(r)
			if err != nil {
				return err
			}
			return a.printSweep(format, r, records)
		},
	}
	s.register(c)
	in.register(c)
	c.Flags().StringVarP(&format, "output", "o", "text", "form of the result: text, csv, json or ndjson (one run a line)")
	return c
}

// sweepInput is a plan given on the command line.
type sweepInput struct {
	scenario, seeds string
	prs, lag        []string
}

func (in *sweepInput) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&in.scenario, "scenario", "", "scenario to play: name, number or file (default: the default reparent)")
	f.StringVar(&in.seeds, "seeds", "", "seeds of every point, e.g. 1-50 (default 1-20)")
	f.StringSliceVar(&in.prs, "prs", nil, "wanted write outages of the reparent, e.g. 2s,5s,9s")
	f.StringSliceVar(&in.lag, "lag", nil, "replication delays of the replicas, e.g. 0s,4s")
}

// defaultSeeds is the size of a sweep that says nothing about seeds: it answers
// in seconds.
const defaultSeeds = "1-20"

// resolveSweep makes the plan from a file, or from the one flag that has several
// values.
func (a *app) resolveSweep(c *cobra.Command, s *settings, in *sweepInput, args []string) (*sweep.Resolved, error) {
	plan := &sweep.Plan{Scenario: in.scenario, Release: s.release, PRS: in.prs, Lag: in.lag, Seeds: in.seeds}
	if len(args) == 1 {
		var err error
		if plan, err = sweep.LoadPlan(args[0]); err != nil {
			return nil, usage("%v", err)
		}
		in.override(plan, s.release)
	} else if err := s.axis(c, plan); err != nil {
		return nil, err
	}
	if plan.Seeds == "" {
		plan.Seeds = defaultSeeds
	}
	base, err := a.sweepBase(c, s, plan)
	if err != nil {
		return nil, err
	}
	r, err := plan.Resolve(base)
	if err != nil {
		return nil, usage("%v", err)
	}
	return r, nil
}

func (in *sweepInput) override(plan *sweep.Plan, release string) {
	for _, o := range []struct {
		to   *string
		from string
	}{{&plan.Scenario, in.scenario}, {&plan.Seeds, in.seeds}, {&plan.Release, release}} {
		if o.from != "" {
			*o.to = o.from
		}
	}
	if len(in.prs) > 0 {
		plan.PRS = in.prs
	}
	if len(in.lag) > 0 {
		plan.Lag = in.lag
	}
}

// axis finds the flag with several values; the window is the default axis.
func (s *settings) axis(c *cobra.Command, plan *sweep.Plan) error {
	for _, d := range flags.Descriptions() {
		v := s.vitess[d.Name]
		if v == nil || !c.Flags().Changed(d.Name) || !manyValues(d, *v) {
			continue
		}
		if plan.Flag != "" {
			return usage("--%s and --%s both have several values; a sweep varies one flag (and --prs, --lag)", plan.Flag, d.Name)
		}
		values, err := sweep.ParseValues(*v)
		if err != nil {
			return usage("--%s: %v", d.Name, err)
		}
		plan.Flag, plan.Values = d.Name, values
	}
	if plan.Flag == "" {
		plan.Flag, plan.Values = "buffer-window", defaultWindows()
		if c.Flags().Changed("buffer-window") {
			plan.Values = []string{*s.vitess["buffer-window"]}
		}
	}
	return nil
}

// manyValues reports whether the value of a flag is a list or a range. Flags whose
// values are lists themselves cannot be swept.
func manyValues(d flags.Description, v string) bool {
	return d.Kind != flags.KindString && (strings.Contains(v, "..") || strings.Contains(v, ","))
}

func defaultWindows() []string {
	values, err := sweep.ParseValues("1s..10s")
	if err != nil {
		panic(err) // a constant
	}
	return values
}

// sweepBase resolves the flags that all points share: the swept one keeps its
// default here.
func (a *app) sweepBase(c *cobra.Command, s *settings, plan *sweep.Plan) (*flags.Set, error) {
	name := plan.Scenario
	if name == "" {
		name = scenario.DefaultName
	}
	if plan.Release == "" && s.release == "" && !c.Flags().Changed("flags-from") && !s.anyOther(c, plan.Flag) {
		return nil, nil
	}
	sc, err := loadScenario(name)
	if err != nil {
		return nil, err
	}
	if plan.Release == "" {
		plan.Release = sc.Release
	}
	p, err := release.Lookup(plan.Release)
	if err != nil {
		return nil, usage("release: %v", err)
	}
	if v := s.vitess[plan.Flag]; v != nil {
		delete(s.vitess, plan.Flag)
	}
	set, err := s.resolve(c, a, sc, p)
	if err != nil {
		return nil, err
	}
	return &set, nil
}

func (s *settings) anyOther(c *cobra.Command, swept string) bool {
	for name := range s.vitess {
		if name != swept && c.Flags().Changed(name) {
			return true
		}
	}
	return false
}

// playSweep runs the plan with progress on stderr; an interrupt finishes the runs
// under way.
func (a *app) playSweep(r *sweep.Resolved) ([]sweep.Record, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bar := newProgress(a.err, "runs")
	records, err := sweep.Run(ctx, r, bar.update)
	bar.end()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(a.err, "bufsim: interrupted after %d runs; the result below is partial\n", len(records))
		return records, nil
	}
	if err != nil {
		return nil, usage("%v", err)
	}
	return records, nil
}

func (a *app) printSweep(format string, r *sweep.Resolved, records []sweep.Record) error {
	for _, rec := range records {
		if rec.OurFault != "" {
			return &exitError{exitOurFault, fmt.Sprintf("seed %d, --%s=%s, %s: %s", rec.Seed, r.Plan.Flag, rec.Value, rec.Variant, rec.OurFault)}
		}
	}
	if format == "ndjson" {
		return sweep.WriteNDJSON(a.out, records)
	}
	points, err := sweep.Summarise(r, records)
	if err != nil {
		return err
	}
	if format == "csv" {
		_, err := a.out.Write([]byte(report.SweepCSV(r, points)))
		return err
	}
	return a.print(format, points, func() string { return report.Sweep(r, points) })
}
