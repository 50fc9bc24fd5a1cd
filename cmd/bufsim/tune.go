package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/tune"
	"bufsim/model/flags"
)

func (a *app) tuneCommand() *cobra.Command {
	var (
		in   tuneInput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "tune [SCENARIO]",
		Short: "Find the smallest buffer with which no statement fails",
		Long: `Finds the smallest --buffer-window, --buffer-size, --buffer-max-failover-duration,
--buffer-drain-concurrency and --buffer-min-time-between-failovers under which failovers
meet a target, verifies them with fresh seeds, and prints them as vtgate flags of the
release.

The traffic is that of a scenario, of numbers (--qps, --connections), of gateslap's
.ini file, of a vtgate's query log, or of two dumps of its /metrics or /debug/vars. Rates and
connections are those of one gate. The length of the write outage and the replication lag
may be values, ranges or measured lengths; the longest is always played, and nothing is
recommended for longer ones.

A tuned flag on the command line says which values may be recommended:
--buffer-window 1s..5s, --buffer-size 1000.

The exit code is 1 if no candidate meets the target, 4 if what met it in the search did not
with fresh seeds.`,
		Example: `  bufsim tune --qps 500 --connections 100 --prs 2s..8s
  bufsim tune --query-log vtgate.log --prs-from measured.txt --max-pause 10s
  bufsim tune --metrics after.txt --before before.txt --span 60s --prs 5s --errors 0.1%
  bufsim tune 6 --release v13 --buffer-size 10,100,1000
  bufsim tune --qps 500 --prs 5s --print-scenario > own.yaml`,
		Args:              atMostOne("scenario"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			return a.tune(c, &in, form.form, args)
		},
	}
	in.register(c)
	form = registerOutput(c, "text", "json", "md")
	return c
}

func (a *app) tune(c *cobra.Command, in *tuneInput, form string, args []string) error {
	p, err := a.tuneProblem(c, in, args)
	if err != nil {
		return err
	}
	if in.printScenario {
		_, err := a.out.Write(p.Scenario.Marshal())
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	bar := newProgress(a.err, "runs at most")
	p.Progress = bar.update
	advice, err := tune.Solve(ctx, p)
	bar.end()
	var fault *tune.OurFault
	switch {
	case errors.As(err, &fault):
		return &exitError{exitOurFault, err.Error()}
	case advice == nil:
		return usage("%v", err)
	}
	page := &report.TunePage{Advice: advice, Replay: replayTune(c, in, p, args)}
	if err := a.printTune(form, page); err != nil {
		return err
	}
	return tuneVerdict(a, advice)
}

func (a *app) printTune(form string, page *report.TunePage) error {
	if form == "md" {
		return a.printText(page.Markdown())
	}
	return a.print(form, page, page.Text)
}

// tuneVerdict turns an advice into the command's exit.
func tuneVerdict(a *app, advice *tune.Advice) error {
	switch {
	case advice.Interrupted:
		a.say("interrupted after %d runs", advice.Played.Runs)
		return errInterrupted()
	case advice.Verdict == tune.Impossible, advice.Verdict == tune.Unavoidable:
		return errFinding()
	case advice.Verdict == tune.Inconclusive:
		return &exitError{code: exitInconclusive}
	}
	return nil
}

// replayTune is the command that gives the advice again.
func replayTune(c *cobra.Command, in *tuneInput, p *tune.Problem, args []string) string {
	words := []string{c.CommandPath()}
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	words = append(words, "--release", p.Profile.Name)
	if defaults, err := p.Scenario.FlagSet(p.Profile); err == nil {
		words = append(words, flagWords(p.Base, defaults, tunedFlags()...)...)
	}
	for _, d := range flags.Descriptions() {
		if text := in.tuned[d.Name]; text != "" {
			words = append(words, fmt.Sprintf("--%s=%s", d.Name, quoted(text)))
		}
	}
	return strings.Join(append(words, ownWords(c, "release", "output")...), " ")
}
