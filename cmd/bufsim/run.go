package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"bufsim/experiments/invariant"
	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

func (a *app) runCommand() *cobra.Command {
	var (
		in         jobInput
		form       *formValue
		metrics    bool
		transcript bool
		checks     string
	)
	c := &cobra.Command{
		Use:   "run [SCENARIO]",
		Short: "Play one scenario and report what its clients saw",
		Long: `Plays one scenario: a built-in one by name or number, or a YAML file. Without an
argument it plays the default PlannedReparentShard.

Vitess flags are accepted in any spelling: --buffer-window=3s, --buffer_window=3s,
-buffer_window=3s. The exit code is 1 if the run breaks a threshold of its scenario or
an invariant; ` + "`bufsim invariants`" + ` lists those.`,
		Example: `  bufsim run
  bufsim run --seed 7 --buffer-size 4
  bufsim run --prs 5s --buffer-window=3s
  bufsim run 3 --release v13 --metrics
  ps -o args= -C vtgate | bufsim run --flags-from -`,
		Args:              atMostOne("scenario"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			j, err := a.prepare(c, &in, nameOr(args, scenario.DefaultName))
			if err != nil {
				return err
			}
			invariants, err := invariant.Parse(checks)
			if err != nil {
				return usage("--check: %v; `bufsim invariants` lists them", err)
			}
			result, err := j.play(runner.Options{Details: true, Transcript: transcript, Invariants: invariants})
			if err != nil {
				return err
			}
			if transcript {
				a.sayReplay(j.replay)
				if err := result.Journal.WriteTranscript(a.out); err != nil {
					return err
				}
				a.sayViolations(result)
				return verdict(result)
			}
			if metrics {
				a.sayReplay(j.replay)
				for i := range result.Gates {
					fmt.Fprint(a.out, report.BufferMetrics(result.Gates[i].Metrics))
				}
				a.sayViolations(result)
				return verdict(result)
			}
			if err := a.printRun(form.form, j, result); err != nil {
				return err
			}
			return verdict(result)
		},
	}
	in.register(c)
	in.variant.register(c)
	form = registerOutput(c, "text", "json", "md")
	c.Flags().StringVar(&checks, "check", "all", "invariants that watch the run: all, none, or ids with commas")
	complete(c, "check", invariantIDs)
	c.Flags().BoolVar(&metrics, "metrics", false, "print nothing but the gates' buffer metrics, as curl and grep show them")
	c.Flags().BoolVar(&transcript, "transcript", false, "print nothing but what gateslap's workers write on their terminal")
	c.MarkFlagsMutuallyExclusive("metrics", "transcript", "output")
	return c
}

// replayable is the JSON form of a run: the result and the command that gives it
// again.
type replayable struct {
	*runner.Result
	Replay string `json:"replay"`
}

func (a *app) printRun(form string, j *job, r *runner.Result) error {
	switch form {
	case "json":
		return a.printJSON(replayable{r, j.replay})
	case "md":
		return a.printText(report.RunMarkdown(r, j.scenario.Title, j.replay))
	}
	return a.printText(report.Run(r, j.scenario.Title, j.replay))
}

func nameOr(args []string, fallback string) string {
	if len(args) > 0 {
		return args[0]
	}
	return fallback
}

// sayViolations tells findings of the checkers on stderr, for forms of output that have no
// place for them.
func (a *app) sayViolations(r *runner.Result) {
	for _, v := range r.Findings() {
		a.say("invariant %s", v)
	}
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
