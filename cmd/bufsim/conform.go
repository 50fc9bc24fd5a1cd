package main

import (
	"github.com/spf13/cobra"

	"bufsim/experiments/conform"
)

func (a *app) conformCommand() *cobra.Command {
	var (
		seeds int
		form  *formValue
	)
	c := &cobra.Command{
		Use:   "conform FILE...",
		Short: "Play recorded schedules of Vitess's own code and compare",
		Long: `Plays schedules that were recorded from Vitess itself, one JSON object per line,
packed by gzip or not, and compares what comes out, field by field. Of each that
fails it shows the first difference and the rules that decide about it.

A schedule with steps at the same instant lists several outcomes; it passes when
the default order of tasks or one of 20 random ones gives a listed one. --reach
tells how many of the listed outcomes random orders bring about.`,
		Example: `  bufsim conform testdata/conformance/*/*.jsonl*
  bufsim conform --reach 1000 testdata/conformance/buffer/racy*`,
		Args: atLeastOne("file", "bufsim conform testdata/conformance/*/*.jsonl*"),
		RunE: func(_ *cobra.Command, files []string) error {
			if seeds < 0 {
				return usage("--reach %d: want 0 (off) or a number of schedules.", seeds)
			}
			r := conform.Play(files, seeds)
			if err := a.print(form.form, r, r.Text); err != nil {
				return err
			}
			return a.conformVerdict(r)
		},
	}
	c.Flags().IntVar(&seeds, "reach", 0, "play each racy schedule under so many random orders and count the outcomes")
	form = registerOutput(c, "text", "json")
	return c
}

// conformVerdict turns a report into the command's exit: what could not be read weighs more
// than what failed, since nobody knows what it would have said.
func (a *app) conformVerdict(r *conform.Report) error {
	for _, p := range r.Unreadable {
		a.say("%s", p)
	}
	switch {
	case len(r.Unreadable) > 0:
		return &exitError{code: exitUsage}
	case r.Failed > 0:
		return errFinding()
	default:
		return nil
	}
}
