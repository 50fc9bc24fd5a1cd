package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
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
		Use:   "why [SCENARIO|CASE]",
		Short: "Say why statements or a case failed, and what would have saved them",
		Long: `Plays one scenario and groups the statements that failed by cause. For each cause it
tells what happened to the first of them, step by step, and which smallest change of a
flag or of the failover would have saved all: found by playing the same seed again and
again with other values.

Of a case, a file or the folder that explore wrote, it tells the finding: what led to it,
what the schedule did that first come, first served would not have, and which change of a
flag, which thing left out and which fix of a release would have saved it. A schedule with
many departures is made simpler first.

--request tells the story of one request instead: the first that failed, all that failed,
the slowest, or one by its name in the trace, such as gate-1/r42 or r42.`,
		Example: `  bufsim why 4
  bufsim why 6 --request first
  bufsim why --prs 15s --enable-buffer --buffer-window 5s
  bufsim why 5 --request r61 -o md
  bufsim why cases/buffer-window-GATE-SHARD`,
		Args:              atMostOne("scenario"),
		ValidArgsFunction: scenarioArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && isCase(args[0]) {
				one, err := readCaseAlone(c, args[0], "request", "no-search", "output")
				if err != nil {
					return err
				}
				return a.whyCase(one, form.form, request, !noSearch, replayCase(c, args[0]))
			}
			j, err := a.prepare(c, &in, nameOr(args, scenario.DefaultName))
			if err != nil {
				return err
			}
			played, err := explain.Play(explain.Setting{Scenario: j.scenario, Release: j.profile, Flags: j.flags, Seed: j.seed})
			if err != nil {
				return usage("%v", err)
			}
			return a.whyRequests(played, form.form, request, !noSearch, j.replay)
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

// whyRequests tells of the requests of a run.
func (a *app) whyRequests(played *explain.Played, form, request string, search bool, replay string) error {
	played.Search.Progress = a.soFar()
	w, err := played.Why(request, search)
	if err != nil {
		var unknown *explain.UnknownRequestError
		if errors.As(err, &unknown) {
			return usage("--request: %v", err)
		}
		return err
	}
	w.Replay = replay
	return a.printWhy(form, w)
}

// whyCase tells of a case, or of a request of it.
func (a *app) whyCase(one *hunt.Case, form, request string, search bool, replay string) error {
	if request != explain.ByCause {
		played, err := one.Requests()
		if err != nil {
			return usage("%v", err)
		}
		return a.whyRequests(played, form, request, search, replay)
	}
	e, err := hunt.Explain(one, hunt.ExplainOptions{Search: search, Progress: a.soFar()})
	if err != nil {
		return usage("%v", err)
	}
	e.Replay = replay
	if form == "md" {
		return a.printText(report.WhyCaseMarkdown(e))
	}
	return a.print(form, e, func() string { return report.WhyCase(e) })
}

// replayCase is the command that does the same with a case again.
func replayCase(c *cobra.Command, path string) string {
	return strings.Join(append([]string{c.CommandPath(), quoted(path)}, ownWords(c)...), " ")
}

func (a *app) printWhy(form string, w *explain.Why) error {
	if form == "md" {
		return a.printText(report.WhyMarkdown(w))
	}
	return a.print(form, w, func() string { return report.Why(w) })
}
