package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/sweep"
)

func (a *app) sweepCommand() *cobra.Command {
	var (
		in   sweepInput
		out  sweepOutput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "sweep [PLAN.yaml]",
		Short: "Play many runs: error rate versus a flag",
		Long: `Plays a scenario once for each combination of values and each seed, on all cores.
What varies is any Vitess flag that is given several values, the wanted length of the
reparent's outage (--prs), the replication lag (--lag), and with --vary the release, the
scenario, the clients and more. Every point uses the same seeds; intervals are over
runs. Without any such flag, --buffer-window goes from 1s to 10s.

Values are lists and ranges: 1s,2s,5s or 1s..10s or 1s..3s/500ms or 2..10. Where
--buffer-window is swept, --buffer-max-failover-duration is raised to it as needed.

With --out, each run is written to a file as it ends. An interrupt lets the runs under
way finish, prints what there is with the command that resumes it, and exits with 130.
--shard plays a part of the runs; bufsim merge puts the parts together.`,
		Example: `  bufsim sweep --buffer-window 1s..10s
  bufsim sweep --buffer-window 1s..10s --prs 2s,5s,9s --seeds 1-50 -o csv
  bufsim sweep --buffer-size 2..12/2 --scenario 5
  bufsim sweep --buffer-window 1s..20s --vary release=v13,v24 --until-halfwidth 0.2% --seeds 1-500
  bufsim sweep experiments/window/plan.yaml --out runs.ndjson --shard 1/4`,
		Args:              atMostOne("plan"),
		ValidArgsFunction: planArgs,
		RunE: func(c *cobra.Command, args []string) error {
			out.form = form.form
			return a.sweep(c, &in, &out, args)
		},
	}
	in.settings.register(c)
	in.register(c)
	out.register(c)
	form = registerOutput(c, "text", "csv", "json", "ndjson", "md")
	return c
}

// sweepOutput says where records go, and which of them are played.
type sweepOutput struct {
	form        string
	file, shard string
	resume      bool
}

func (o *sweepOutput) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.file, "out", "", "`FILE` that each run is written to as it ends, one line of JSON")
	f.BoolVar(&o.resume, "resume", false, "keep the runs that --out has already and play the others")
	f.StringVar(&o.shard, "shard", "", "play only part `I/N` of the runs; auto/N takes the part from a Kubernetes or Slurm index")
}

func (a *app) sweep(c *cobra.Command, in *sweepInput, out *sweepOutput, args []string) error {
	r, err := a.resolveSweep(c, in, args)
	if err != nil {
		return err
	}
	opts := sweep.Options{}
	if opts.Shard, err = shardOf(out.shard); err != nil {
		return err
	}
	if opts.Shard.Of > 0 && r.Plan.UntilHalfwidth > 0 {
		return usage("--shard and --until-halfwidth do not go together: whether a point is precise shows only with all of its runs")
	}
	if out.resume && out.file == "" {
		return usage("--resume needs --out, the file to go on with")
	}
	replay := replaySweep(c, r, args)
	if out.form == "ndjson" || out.form == "csv" {
		a.sayReplay(replay)
	}
	close, err := a.records(r, out, &opts)
	if err != nil {
		return err
	}
	tally, played := a.playSweep(r, opts)
	if err := close(); err != nil && played == nil {
		played = err
	}
	if played != nil && !interrupted(played) {
		return played
	}
	if played != nil && out.file != "" {
		fmt.Fprintf(a.err, "bufsim: to go on: %s --out=%s --resume%s\n", replay, quoted(out.file), shardWord(opts.Shard))
	}
	page, err := sweepPage(r, tally, opts.Shard, replay)
	if err != nil {
		return err
	}
	if out.form != "ndjson" {
		if err := a.printSweep(out.form, page); err != nil {
			return err
		}
	}
	if played != nil {
		return played
	}
	return idleFinding(out.form, page)
}

// idleFinding is what a sweep ends with in which something never happened that its plan asks
// for. A part of a sweep says nothing about the whole.
func idleFinding(form string, page *report.SweepPage) error {
	idle := page.Idle()
	switch {
	case len(idle) == 0 || page.Shard != "":
		return nil
	case form == "text" || form == "md": // which have said it
		return errFinding()
	}
	return &exitError{exitFinding, strings.Join(idle, "\n")}
}

func shardWord(s sweep.Shard) string {
	if s.Of == 0 {
		return ""
	}
	return " --shard=" + s.String()
}

// records opens what the records are written to. close ends it.
func (a *app) records(r *sweep.Resolved, out *sweepOutput, opts *sweep.Options) (close func() error, err error) {
	if out.form == "ndjson" {
		opts.Write = sweep.WriteNDJSON(a.out)
	}
	if out.file == "" {
		return func() error { return nil }, nil
	}
	f, err := sweep.OpenFile(out.file, r, out.resume)
	if err != nil {
		return nil, usage("--out: %v", err)
	}
	if f.Dropped {
		a.say("the last line of %s was cut off; its run is played again", out.file)
	}
	opts.Had = f.Had
	also := opts.Write
	opts.Write = func(rec sweep.Record) error {
		if err := f.Write(rec); err != nil {
			return &exitError{exitUsage, fmt.Sprintf("cannot write a record to %s: %v; what stands there is whole, and --resume goes on with it",
				out.file, err)}
		}
		if also != nil {
			return also(rec)
		}
		return nil
	}
	return f.Close, nil
}

// playSweep runs the plan with progress on stderr. An interrupt finishes the runs
// under way; the tally comes with an error of exit code 130 then. A second
// interrupt ends the program at once.
func (a *app) playSweep(r *sweep.Resolved, opts sweep.Options) (*sweep.Tally, error) {
	ctx, stop := interruptible()
	defer stop()
	bar := newProgress(a.err, "runs")
	opts.Progress = bar.update
	tally, err := sweep.Run(ctx, r, opts)
	bar.end()
	var own *exitError
	switch {
	case tally.OurFault != nil:
		return tally, ourFault(tally.OurFault)
	case errors.Is(err, context.Canceled):
		a.say("interrupted after %d of %d runs", tally.Runs, opts.Shard.Size(r.Runs()))
		return tally, errInterrupted()
	case errors.As(err, &own):
		return tally, err
	case err != nil:
		return tally, usage("%v", err)
	}
	return tally, nil
}

// ourFault ends a sweep in which the simulated program failed.
func ourFault(rec *sweep.Record) error {
	return &exitError{exitOurFault, fmt.Sprintf("seed %d, %v: the simulated program failed:\n%s", rec.Seed, rec.At, rec.OurFault)}
}

func interrupted(err error) bool {
	var own *exitError
	return errors.As(err, &own) && own.code == exitInterrupted
}

// sweepPage makes the report of a sweep; of an interrupted one, with the runs that there are.
func sweepPage(r *sweep.Resolved, tally *sweep.Tally, shard sweep.Shard, replay string) (*report.SweepPage, error) {
	points, err := tally.Summarise()
	if err != nil {
		return nil, err
	}
	return &report.SweepPage{
		Resolved: r, Points: points, Runs: tally.Runs, Planned: r.Runs(), Shard: shard.String(),
		MarksMissed: tally.MarksMissed(), Replay: replay,
	}, nil
}

// printSweep prints the result of a sweep.
func (a *app) printSweep(form string, page *report.SweepPage) error {
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
