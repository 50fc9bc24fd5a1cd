package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// sweepInput is a plan given on the command line.
type sweepInput struct {
	settings        settings
	scenario, seeds string
	prs, lag, vary  []string
	random          int
	halfwidth       string
	faults          faultInput
	marks           []string
}

func (in *sweepInput) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&in.scenario, "scenario", "", "scenario to play: name, number or file (default: the default reparent)")
	f.StringVar(&in.seeds, "seeds", "", "seeds of every point, `A-B`, e.g. 1-50 (default 1-20)")
	f.StringSliceVar(&in.prs, "prs", nil, "wanted write outages of the reparent, e.g. 2s,5s,9s")
	f.StringSliceVar(&in.lag, "lag", nil, "replication delays of the replicas, e.g. 0s,4s")
	f.StringArrayVar(&in.vary, "vary", nil, "another axis, `NAME=VALUES`: "+axisNames()+"; may be given again")
	f.IntVar(&in.random, "random", 0, "draw `N` points from the axes instead of their grid")
	f.StringVar(&in.halfwidth, "until-halfwidth", "", "stop the seeds of a point once its interval reaches no further than this `SHARE` from the mean, e.g. 0.2%")
	f.StringArrayVar(&in.marks, "mark", nil, "`ID` of a state worth reaching that some run must reach; may be given again")
	in.faults.register(c)
	complete(c, "scenario", scenario.Names)
}

// axisNames lists the axes besides Vitess's flags.
func axisNames() string {
	var names []string
	for _, n := range sweep.AxisNames() {
		names = append(names, n[0])
	}
	return alternatives(names)
}

// defaultSeeds is the size of a sweep that says nothing about seeds: it answers
// in seconds.
const defaultSeeds = "1-20"

// resolveSweep makes the plan from a file and the command line, and checks all of
// its points.
func (a *app) resolveSweep(c *cobra.Command, in *sweepInput, args []string) (*sweep.Resolved, error) {
	plan, err := in.plan(args)
	if err != nil {
		return nil, err
	}
	if err := in.axes(c, plan); err != nil {
		return nil, err
	}
	r, err := plan.Resolve(func(sc *scenario.Scenario, p release.Profile) (flags.Set, error) {
		return in.settings.resolve(c, a, sc, p)
	})
	if err != nil {
		return nil, usage("%s", withDashes(err))
	}
	return r, nil
}

// plan reads the plan's file, if there is one, and lets the command line go before
// it.
func (in *sweepInput) plan(args []string) (plan *sweep.Plan, err error) {
	plan = &sweep.Plan{Seeds: defaultSeeds}
	if len(args) == 1 {
		if plan, err = sweep.LoadPlan(args[0]); err != nil {
			return nil, cannot("read the plan", args[0], err)
		}
	}
	if in.scenario != "" {
		if plan.Scenario, err = relativeTo(plan.Dir, in.scenario); err != nil {
			return nil, err
		}
	}
	if in.seeds != "" {
		plan.Seeds = in.seeds
	}
	if in.settings.release != "" {
		plan.Release = in.settings.release
	}
	plan.Faults, plan.Marks = append(plan.Faults, in.faults.lines...), append(plan.Marks, in.marks...)
	if in.random != 0 {
		plan.Random = in.random
	}
	if in.halfwidth != "" {
		if err := plan.UntilHalfwidth.UnmarshalText([]byte(in.halfwidth)); err != nil {
			return nil, usage("--until-halfwidth: %v; write for example 0.2%%", err)
		}
	}
	return plan, nil
}

// relativeTo turns a scenario of the command line into one as a plan in dir would
// name it.
func relativeTo(dir, name string) (string, error) {
	if !isFile(name) {
		return name, nil
	}
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}

// axes puts the axes of the command line before the plan's. Vitess flags with several
// values come first; without any axis the window varies.
func (in *sweepInput) axes(c *cobra.Command, plan *sweep.Plan) error {
	given := [][2]string{}
	for _, d := range flags.Descriptions() {
		v := in.settings.vitess[d.Name]
		if c.Flags().Changed(d.Name) && (manyValues(d, v.text) || varies(plan, d.Name)) {
			given = append(given, [2]string{d.Name, v.text})
			delete(in.settings.vitess, d.Name)
		}
	}
	if len(given) == 0 && len(plan.Vary) == 0 {
		given = append(given, defaultAxis(c, in))
	}
	if len(in.prs) > 0 {
		given = append(given, [2]string{"prs", strings.Join(in.prs, ",")})
	}
	if len(in.lag) > 0 {
		given = append(given, [2]string{"lag", strings.Join(in.lag, ",")})
	}
	for _, text := range in.vary {
		name, values, ok := strings.Cut(text, "=")
		if !ok {
			return usage("--vary %s: write NAME=VALUES, such as --vary lag=0s,4s", text)
		}
		given = append(given, [2]string{name, values})
	}
	var axes []sweep.Axis
	for _, g := range given {
		axis, err := sweep.ParseAxis(g[0], g[1])
		if err != nil {
			return usage("%s", withDashes(err))
		}
		axes = append(axes, axis)
	}
	plan.Vary.Override(axes)
	return nil
}

// defaultAxis is the window, with the one value that was given or a range.
func defaultAxis(c *cobra.Command, in *sweepInput) [2]string {
	const window = "buffer-window"
	axis := [2]string{window, "1s..10s"}
	if c.Flags().Changed(window) {
		axis[1] = in.settings.vitess[window].text
		delete(in.settings.vitess, window)
	}
	return axis
}

// varies reports whether the plan has an axis.
func varies(plan *sweep.Plan, name string) bool {
	for _, a := range plan.Vary {
		if strings.ReplaceAll(a.Name, "_", "-") == name {
			return true
		}
	}
	return false
}

// manyValues reports whether the value of a flag is a list or a range. Flags whose
// values are lists themselves cannot be swept.
func manyValues(d flags.Description, v string) bool {
	return d.Kind != flags.KindString && (strings.Contains(v, "..") || strings.Contains(v, ","))
}

// withDashes names the flag in errors of the plan as the command line does.
func withDashes(err error) string {
	text := strings.TrimPrefix(err.Error(), "vary: ")
	name, _, _ := strings.Cut(text, ":")
	if name == "faults" {
		return "--fault" + strings.TrimPrefix(text, name)
	}
	if name == "seeds" || name == "prs" || name == "lag" || name == "random" || sweep.IsFlag(name) && !strings.ContainsAny(name, " =") {
		return "--" + text
	}
	return text
}

// replaySweep is the command that plays a sweep again: the plan, and everything
// else that the command line gave or that was left to defaults.
func replaySweep(c *cobra.Command, r *sweep.Resolved, args []string) string {
	words := []string{c.CommandPath()}
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	first := r.Points[0].Setting
	own := []string{"seeds", "prs", "lag", "vary", "out", "resume", "shard"}
	if r.Plan.Release != "" || len(args) == 0 && !varies(r.Plan, "release") {
		words, own = append(words, "--release", first.Profile.Name), append(own, "release")
	}
	words = append(words, "--seeds", fmt.Sprintf("%d-%d", r.Seeds.First, r.Seeds.Last))
	var axes []string
	for _, axis := range r.Axes {
		text := axis.Text()
		if sweep.IsFlag(axis.Name) {
			words = append(words, fmt.Sprintf("--%s=%s", axis.Name, quoted(text)))
		} else {
			words = append(words, "--vary", quoted(axis.Name+"="+text))
		}
		axes = append(axes, axis.Name)
	}
	if defaults, err := first.Scenario.FlagSet(first.Profile); err == nil {
		words = append(words, flagWords(r.Base, defaults, axes...)...)
	}
	return strings.Join(append(words, ownWords(c, own...)...), " ")
}

// shardOf reads --shard: a part, or `auto` for what a batch system says.
func shardOf(text string) (sweep.Shard, error) {
	if text == "" {
		return sweep.Shard{}, nil
	}
	parse := sweep.ParseShard
	if text == "auto" || strings.HasPrefix(text, "auto/") {
		parse = func(text string) (sweep.Shard, error) { return sweep.ShardFromEnvironment(text, os.Getenv) }
	}
	s, err := parse(text)
	if err != nil {
		return s, usage("--shard: %v", err)
	}
	return s, nil
}
