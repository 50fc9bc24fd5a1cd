package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

func (a *app) runCommand() *cobra.Command {
	var (
		s       settings
		seed    uint64
		format  string
		metrics bool
	)
	c := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Play one scenario and report what its clients saw",
		Long: `Plays one scenario: a built-in one by name or number, or a YAML file. Without an
argument it plays the default PlannedReparentShard.

All Vitess flags that matter are accepted in any spelling, e.g. --buffer-window=3s.`,
		Example: `  bufsim run
  bufsim run --seed 7 --buffer-size 4
  bufsim run 3 --release v13 --metrics
  ps -o args= -C vtgate | bufsim run --flags-from -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			job, err := a.prepare(c, &s, nameOr(args, scenario.DefaultName), seed)
			if err != nil {
				return err
			}
			result, err := job.play(runner.Options{Details: true})
			if err != nil {
				return err
			}
			if metrics {
				for i := range result.Gates {
					fmt.Fprint(a.out, report.BufferMetrics(result.Gates[i].Metrics))
				}
				return verdict(result)
			}
			if err := a.print(format, result, func() string { return report.Run(result, job.scenario.Title, job.replay("run")) }); err != nil {
				return err
			}
			return verdict(result)
		},
	}
	s.register(c)
	c.Flags().Uint64Var(&seed, "seed", 0, "seed of the run (default: the scenario's first)")
	c.Flags().StringVarP(&format, "output", "o", "text", "form of the result: text or json")
	c.Flags().BoolVar(&metrics, "metrics", false, "print nothing but the gates' buffer metrics")
	return c
}

func nameOr(args []string, fallback string) string {
	if len(args) > 0 {
		return args[0]
	}
	return fallback
}

// job is one scenario with everything that a run of it needs.
type job struct {
	scenario *scenario.Scenario
	name     string
	profile  release.Profile
	flags    flags.Set
	seed     uint64
}

// prepare loads a scenario and resolves release, flags and seed.
func (a *app) prepare(c *cobra.Command, s *settings, name string, seed uint64) (*job, error) {
	sc, err := loadScenario(name)
	if err != nil {
		return nil, err
	}
	j := &job{scenario: sc, name: name, seed: seed}
	if j.profile, err = s.profile(sc); err != nil {
		return nil, err
	}
	if j.flags, err = s.resolve(c, a, sc, j.profile); err != nil {
		return nil, err
	}
	if !c.Flags().Changed("seed") {
		j.seed = sc.Seeds.First
	}
	return j, nil
}

// play runs the job; opts carry what is not part of the job.
func (j *job) play(opts runner.Options) (*runner.Result, error) {
	opts.Seed, opts.Release, opts.Flags = j.seed, j.profile, j.flags
	result, err := runner.Run(j.scenario, opts)
	if err != nil {
		return nil, usage("%v", err)
	}
	return result, nil
}

// replay is the command that plays the job again.
func (j *job) replay(command string) string {
	s := fmt.Sprintf("bufsim %s %s --release %s --seed %d", command, j.name, j.profile.Name, j.seed)
	defaults, err := j.scenario.FlagSet(j.profile)
	if err != nil {
		return s
	}
	for _, d := range flags.Descriptions() {
		if v := d.Value(j.flags); v != d.Value(defaults) {
			s += fmt.Sprintf(" --%s=%s", d.Name, quoted(v))
		}
	}
	return s
}

// print writes a result in the given form.
func (a *app) print(format string, v any, text func() string) error {
	switch format {
	case "text":
		_, err := io.WriteString(a.out, text())
		return err
	case "json":
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	return usage("-o %s: unknown form; this command knows text and json", format)
}

// verdict turns a result into the command's exit.
func verdict(r *runner.Result) error {
	if r.Outcome.Failed() {
		return &exitError{exitOurFault, "the simulated program failed:\n" + r.Outcome.Detail}
	}
	if r.Finding {
		return errFinding()
	}
	return nil
}
