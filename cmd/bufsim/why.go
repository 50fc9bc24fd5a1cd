package main

import (
	"errors"

	"github.com/spf13/cobra"

	"bufsim/experiments/explain"
	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
)

func (a *app) whyCommand() *cobra.Command {
	var (
		in       jobInput
		form     *formValue
		request  string
		noSearch bool
	)
	c := &cobra.Command{
		Use:   "why [SCENARIO]",
		Short: "Say why statements failed, and what would have saved them",
		Long: `Plays one scenario and groups the statements that failed by cause. For each cause it
tells what happened to the first of them, step by step, and which smallest change of a
flag or of the failover would have saved all: found by playing the same seed again and
again with other values.

--request tells the story of one request instead: the first that failed, all that failed,
the slowest, or one by its name in the trace, such as gate-1/r42 or r42.`,
		Example: `  bufsim why 4
  bufsim why 6 --request first
  bufsim why --prs 15s --enable-buffer --buffer-window 5s
  bufsim why 5 --request r61 -o md`,
		Args:              atMostOne("scenario"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			j, err := a.prepare(c, &in, nameOr(args, scenario.DefaultName))
			if err != nil {
				return err
			}
			played, err := explain.Play(explain.Setting{Scenario: j.scenario, Release: j.profile, Flags: j.flags, Seed: j.seed})
			if err != nil {
				return usage("%v", err)
			}
			w, err := played.Why(request, !noSearch)
			if err != nil {
				var unknown *explain.UnknownRequestError
				if errors.As(err, &unknown) {
					return usage("--request: %v", err)
				}
				return err
			}
			w.Replay = j.replay
			return a.printWhy(form.form, w)
		},
	}
	in.register(c)
	in.variant.register(c)
	form = registerOutput(c, "text", "json", "md")
	c.Flags().StringVar(&request, "request", explain.ByCause, "tell of `REQUEST`: first, all, slowest, or a name such as r42 (default: one story for each cause)")
	c.Flags().BoolVar(&noSearch, "no-search", false, "do not look for what would have saved the statements")
	complete(c, "request", func() []string { return []string{explain.First, explain.All, explain.Slowest} })
	return c
}

func (a *app) printWhy(form string, w *explain.Why) error {
	if form == "md" {
		return a.printText(report.WhyMarkdown(w))
	}
	return a.print(form, w, func() string { return report.Why(w) })
}
