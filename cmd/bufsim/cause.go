package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/hunt"
)

func (a *app) causeCommand() *cobra.Command {
	var (
		opts hunt.TippingOptions
		form *formValue
	)
	c := &cobra.Command{
		Use:   "cause CASE",
		Short: "Find the decision that made a case of explore fail",
		Long: `Plays beginnings of a case's schedule, each with random continuations, and shows how the
share of those that fail grows: when the failure became likely (more than half), when no
continuation escaped it any more, the decision in between, and the run that passes and
leaves the case's schedule last.`,
		Example: `  bufsim cause cases/buffer-window-GATE-SHARD
  bufsim cause case.yaml --continuations 50 -o csv`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("which case? `bufsim cause FOLDER`; `bufsim explore --out FOLDER` writes cases")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if opts.Continuations < 1 || opts.Points < 2 {
				return usage("--continuations must be at least 1, --points at least 2")
			}
			one, err := readCase(args[0])
			if err != nil {
				return err
			}
			t, err := hunt.FindTipping(context.Background(), one, opts)
			if err != nil {
				return usage("%s: %v", args[0], err)
			}
			if form.form == "csv" {
				return a.printText(tippingCSV(t))
			}
			return a.print(form.form, t, func() string { return tippingText(t) })
		},
	}
	c.Flags().IntVar(&opts.Continuations, "continuations", 20, "random continuations of each beginning")
	c.Flags().IntVar(&opts.Points, "points", 9, "beginnings to look at before the search narrows")
	form = registerOutput(c, "text", "json", "csv")
	return c
}

func tippingCSV(t *hunt.Tipping) string {
	var b strings.Builder
	b.WriteString("decisions,time_s,failed,continuations\n")
	for _, p := range t.Points {
		fmt.Fprintf(&b, "%d,%.6f,%d,%d\n", p.Prefix, p.Time.Duration().Seconds(), p.Failed, t.Continuations)
	}
	return b.String()
}

// tippingText draws the share of failing continuations against the length of the beginning.
func tippingText(t *hunt.Tipping) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d decisions; %d runs, %d continuations of each beginning\n\n", t.Signature, t.Decisions, t.Runs, t.Continuations)
	fmt.Fprintf(&b, "%9s  %12s  share of continuations that fail\n", "decisions", "next at")
	const width = 40
	for _, p := range t.Points {
		at := "(over)"
		if p.Prefix < t.Decisions {
			at = p.Time.String()
		}
		fmt.Fprintf(&b, "%9d  %12s  %-*s %3d %%\n", p.Prefix, at, width, strings.Repeat("#", p.Failed*width/t.Continuations), p.Failed*100/t.Continuations)
	}
	b.WriteByte('\n')
	switch {
	case t.Likely < 0:
		b.WriteString("No beginning makes the failure likely: the case fails at its last decisions.\n")
	case t.Likely == 0:
		b.WriteString("The failure is likely from the start: most schedules show it.\n")
	default:
		fmt.Fprintf(&b, "It became likely with decision %d (%s) at %s.\n", t.Likely, t.Tip, t.TipAt)
	}
	if t.Certain >= 0 {
		fmt.Fprintf(&b, "After %d decisions no continuation escaped it any more.\n", t.Certain)
	}
	if n := t.Nearest; n != nil {
		fmt.Fprintf(&b, "The nearest run that passes decides number %d otherwise: %s instead of %s.\n", n.Differs+1, n.Pass, n.Case)
	} else {
		b.WriteString("No continuation passed.\n")
	}
	return b.String()
}
