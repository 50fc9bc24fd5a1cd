package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/explain"
	"bufsim/experiments/figure"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/sweep"
	"bufsim/sim/trace"
)

func (a *app) plotCommand() *cobra.Command {
	var dir string
	var in jobInput
	c := &cobra.Command{
		Use:   "plot [KIND] PLAN.yaml|SCENARIO|CASE",
		Short: "Draw a figure of a plan or of one run: PNG, SVG and CSV",
		Long: `Plays the plan of a study and writes, beside the plan or into --out, the figure as
NAME.png and NAME.svg, its data as NAME.csv, and one line a run as NAME.ndjson. The kind
of figure is the plan's, or the one that is given first; the files of another kind than
the plan's are called NAME-KIND. An interrupted plan draws nothing.

Figures of one run take a case of explore instead, or a scenario, and --seed, --release,
Vitess's flags and the others that change a scenario; they are written into --out or the
current folder.

Kinds of figures of a plan:
` + kindList(false) + `
Kinds of figures of one run:
` + kindList(true),
		Example: `  bufsim plot experiments/window/plan.yaml
  bufsim plot outcomes experiments/window/plan.yaml --out figures
  bufsim plot lanes 6 --release v13
  bufsim plot lanes cases/buffer-window-GATE-SHARD
  bufsim plot occupancy default --prs 5s --buffer-window=2s`,
		Args:              cobra.RangeArgs(0, 2),
		ValidArgsFunction: plotArgs,
		RunE: func(c *cobra.Command, args []string) error {
			return a.plot(c, &in, args, dir)
		},
	}
	in.register(c)
	in.variant.register(c)
	c.Flags().StringVar(&dir, "out", "", "`FOLDER` for the files (default: the plan's, or the current one)")
	return c
}

// kindList describes the kinds, one a line.
func kindList(ofRun bool) string {
	var b strings.Builder
	for _, k := range figure.Kinds() {
		if k.OfRun() == ofRun {
			fmt.Fprintf(&b, "  %-11s %s\n", k.Name, k.About)
		}
	}
	return b.String()
}

// plotArgs completes the kind, or the file of a plan.
func plotArgs(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return scenarioArgs(c, nil, word)
	}
	var names []string
	for _, k := range figure.Kinds() {
		names = append(names, k.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

func (a *app) plot(c *cobra.Command, in *jobInput, args []string, dir string) error {
	const example = "bufsim plot experiments/window/plan.yaml"
	kind := ""
	switch len(args) {
	case 0:
		return usage("plot needs a plan, as in `%s`", example)
	case 2:
		kind, args = args[0], args[1:]
	default:
		if !isFile(args[0]) {
			return usage("plot needs a plan, as in `%s`; %q is no file of one", example, args[0])
		}
	}
	k, err := figure.Lookup(kind)
	if err != nil {
		return usage("%v", err)
	}
	if info, err := os.Stat(dir); dir != "" && (err != nil || !info.IsDir()) {
		return usage("--out %s: there is no such folder", dir)
	}
	if k.OfRun() && isCase(args[0]) {
		return a.plotCase(c, k.Name, args[0], dir)
	}
	if k.OfRun() {
		return a.plotRun(c, in, k.Name, args[0], dir)
	}
	if dir == "" {
		dir = filepath.Dir(args[0])
	}
	return a.plotPlan(c, kind, args[0], dir)
}

// plotRun plays one run and writes its figure.
func (a *app) plotRun(c *cobra.Command, in *jobInput, kind, scenario, dir string) error {
	j, err := a.prepare(c, in, scenario)
	if err != nil {
		return err
	}
	rec, watch := trace.NewRecorder(figure.Filter()), explain.NewWatch()
	result, err := j.play(runner.Options{Sink: trace.Tee{rec, watch}, Details: true})
	if err != nil {
		return err
	}
	if result.Outcome.Failed() {
		return verdict(result)
	}
	fig, err := figure.OfRun(kind, &figure.Run{
		Result: result, Events: rec.Events(), Account: explain.NewAccount(watch, result, j.flags), Title: j.scenario.Title + ".",
	})
	if err != nil {
		return usage("%v", err)
	}
	a.sayReplay(strings.Replace(j.replay, c.CommandPath(), c.CommandPath()+" "+kind, 1))
	return a.saveFigure(fig, dir, j.scenario.Name+"-"+kind, "1 run", "png,svg,csv")
}

// plotCase plays a case and writes its figure, named after the finding.
func (a *app) plotCase(c *cobra.Command, kind, path, dir string) error {
	one, err := readCaseAlone(c, path, "out")
	if err != nil {
		return err
	}
	rec := trace.NewRecorder(figure.Filter())
	if err := one.Record(rec); err != nil {
		return usage("%s: %v", path, err)
	}
	played, err := one.Requests()
	if err != nil {
		return usage("%s: %v", path, err)
	}
	fig, err := figure.OfRun(kind, &figure.Run{
		Result: played.Result, Events: rec.Events(), Account: played.Account, Title: one.Verdict.Meaning,
		Unit: "a case of " + one.Verdict.Signature + ", which breaks that",
	})
	if err != nil {
		return usage("%v", err)
	}
	return a.saveFigure(fig, dir, folderName(one.Verdict.Signature)+"-"+kind, "1 run", "png,svg,csv")
}

// plotPlan plays a plan and writes its figure and its records. Without a kind it is the
// plan's own.
func (a *app) plotPlan(c *cobra.Command, kind, path, dir string) error {
	var changed []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "out" {
			changed = append(changed, "--"+f.Name)
		}
	})
	if len(changed) > 0 {
		return usage("%s: a plan says everything itself; change it there", strings.Join(changed, " "))
	}
	plan, err := sweep.LoadPlan(path)
	if err != nil {
		return cannot("read the plan", path, err)
	}
	if plan.Name == "" {
		return usage("%s: name is missing: it names the files of the figure", path)
	}
	own, err := figure.Lookup(plan.Figure)
	if err != nil {
		return usage("%s: figure: %v", path, err)
	}
	r, err := plan.Resolve(nil)
	if err != nil {
		return usage("%s: %v", path, err)
	}
	name := plan.Name
	if kind == "" {
		kind = own.Name
	} else if kind != own.Name {
		name += "-" + kind
	}
	work, err := figure.New(kind, r)
	if err != nil {
		return usage("%s: %v", path, err)
	}
	return a.drawPlan(r, work, dir, name)
}

// drawPlan plays a plan and writes its figure and its records.
func (a *app) drawPlan(r *sweep.Resolved, work figure.Work, dir, name string) error {
	base := filepath.Join(dir, name)
	f, err := os.Create(base + ".ndjson")
	if err != nil {
		return cannot("write", base+".ndjson", err)
	}
	tally, err := a.playSweep(r, sweep.Options{Write: sweep.WriteNDJSON(f), Probe: work.Probe, Sample: work.Sample})
	if closed := f.Close(); err == nil && closed != nil {
		err = cannot("write", base+".ndjson", closed)
	}
	if err != nil {
		return err
	}
	points, err := tally.Summarise()
	if err != nil {
		return err
	}
	fig, err := work.Figure(points)
	if err != nil {
		return usage("%v", err)
	}
	return a.saveFigure(fig, dir, name, fmt.Sprintf("%d runs", tally.Runs), "png,svg,csv,ndjson")
}

func (a *app) saveFigure(fig plotstyle.Figure, dir, name, runs, formats string) error {
	if dir == "" {
		dir = "."
	}
	base := filepath.Join(dir, name)
	if err := fig.Save(dir, name); err != nil {
		return cannot("write", base, err)
	}
	fmt.Fprintf(a.out, "%s; wrote %s.{%s}\n", runs, base, formats)
	return nil
}
