package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bufsim/experiments/sweep"
)

func (a *app) plotCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "plot PLAN.yaml",
		Short: "Play a plan and draw its figure: PNG, SVG and CSV",
		Long: `Plays the plan of a study and writes, beside the plan or into --out, the figure as
NAME.png and NAME.svg, its data as NAME.csv, and one line a run as NAME.ndjson. An
interrupted plan draws nothing.`,
		Example:           `  bufsim plot experiments/window/plan.yaml`,
		Args:              exactlyOne("plan", "bufsim plot experiments/window/plan.yaml"),
		ValidArgsFunction: planArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if dir == "" {
				dir = filepath.Dir(args[0])
			}
			return a.plot(args[0], dir)
		},
	}
	c.Flags().StringVar(&dir, "out", "", "`FOLDER` for the files (default: the plan's)")
	return c
}

func (a *app) plot(path, dir string) error {
	plan, err := sweep.LoadPlan(path)
	if err != nil {
		return cannot("read the plan", path, err)
	}
	if plan.Name == "" {
		return usage("%s: name is missing: it names the files of the figure", path)
	}
	r, err := plan.Resolve(nil)
	if err != nil {
		return usage("%s: %v", path, err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("--out %s: there is no such folder", dir)
	}
	return a.drawPlan(r, dir)
}

// drawPlan plays a plan and writes its figure and its records.
func (a *app) drawPlan(r *sweep.Resolved, dir string) error {
	base := filepath.Join(dir, r.Plan.Name)
	f, err := os.Create(base + ".ndjson")
	if err != nil {
		return cannot("write", base+".ndjson", err)
	}
	tally, err := a.playSweep(r, sweep.Options{Write: sweep.WriteNDJSON(f)})
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
	fig, err := sweep.Figure(r, points)
	if err != nil {
		return usage("%v", err)
	}
	if err := fig.Save(dir, r.Plan.Name); err != nil {
		return cannot("write", base, err)
	}
	fmt.Fprintf(a.out, "%d runs; wrote %s.{png,svg,csv,ndjson}\n", tally.Runs, base)
	return nil
}
