package main

import (
	"fmt"
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
	prs, lag        []string
}

func (in *sweepInput) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&in.scenario, "scenario", "", "scenario to play: name, number or file (default: the default reparent)")
	f.StringVar(&in.seeds, "seeds", "", "seeds of every point, `A-B`, e.g. 1-50 (default 1-20)")
	f.StringSliceVar(&in.prs, "prs", nil, "wanted write outages of the reparent, e.g. 2s,5s,9s")
	f.StringSliceVar(&in.lag, "lag", nil, "replication delays of the replicas, e.g. 0s,4s")
	complete(c, "scenario", scenario.Names)
}

// defaultSeeds is the size of a sweep that says nothing about seeds: it answers
// in seconds.
const defaultSeeds = "1-20"

// resolveSweep makes the plan from a file and the command line, and checks all of
// its points.
func (a *app) resolveSweep(c *cobra.Command, in *sweepInput, args []string) (*sweep.Resolved, error) {
	plan, dir, err := in.plan(args)
	if err != nil {
		return nil, err
	}
	if err := in.settings.axis(c, plan); err != nil {
		return nil, err
	}
	base, err := a.sweepBase(c, in, plan, dir)
	if err != nil {
		return nil, err
	}
	r, err := plan.Resolve(&base)
	if err != nil {
		return nil, usage("%s", withDashes(err))
	}
	return r, checkSweep(r)
}

// plan reads the plan's file, if there is one, and lets the command line go before
// it. dir is the folder that the plan's scenario is relative to.
func (in *sweepInput) plan(args []string) (plan *sweep.Plan, dir string, err error) {
	plan = &sweep.Plan{Seeds: defaultSeeds}
	if len(args) == 1 {
		dir = filepath.Dir(args[0])
		if plan, err = sweep.LoadPlan(args[0]); err != nil {
			return nil, "", cannot("read the plan", args[0], err)
		}
	}
	if in.scenario != "" {
		if plan.Scenario, err = relativeTo(dir, in.scenario); err != nil {
			return nil, "", err
		}
	}
	if in.seeds != "" {
		plan.Seeds = in.seeds
	}
	if in.settings.release != "" {
		plan.Release = in.settings.release
	}
	if len(in.prs) > 0 {
		plan.PRS = in.prs
	}
	if len(in.lag) > 0 {
		plan.Lag = in.lag
	}
	return plan, dir, nil
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

// axis finds the flag with several values, which goes before the plan's; the window
// is the default axis.
func (s *settings) axis(c *cobra.Command, plan *sweep.Plan) error {
	given := ""
	for _, d := range flags.Descriptions() {
		v := s.vitess[d.Name]
		if !c.Flags().Changed(d.Name) || !manyValues(d, v.text) && d.Name != plan.Flag {
			continue
		}
		if given != "" {
			return usage("--%s and --%s both have several values; a sweep varies one flag (and --prs, --lag)", given, d.Name)
		}
		given = d.Name
	}
	if given == "" && plan.Flag == "" {
		given = "buffer-window"
	}
	if given == "" {
		delete(s.vitess, plan.Flag)
		return nil
	}
	text := "1s..10s"
	if c.Flags().Changed(given) {
		text = s.vitess[given].text
	}
	values, err := sweep.ParseValues(text)
	if err != nil {
		return usage("--%s: %v", given, err)
	}
	plan.Flag, plan.Values = given, values
	delete(s.vitess, given)
	return nil
}

// manyValues reports whether the value of a flag is a list or a range. Flags whose
// values are lists themselves cannot be swept.
func manyValues(d flags.Description, v string) bool {
	return d.Kind != flags.KindString && (strings.Contains(v, "..") || strings.Contains(v, ","))
}

// sweepBase resolves the flags that all points share; the swept one keeps its
// default here.
func (a *app) sweepBase(c *cobra.Command, in *sweepInput, plan *sweep.Plan, dir string) (flags.Set, error) {
	name := plan.Scenario
	if name == "" {
		name = scenario.DefaultName
	}
	if isFile(name) {
		name = filepath.Join(dir, name)
	}
	sc, err := loadScenario(name)
	if err != nil {
		return flags.Set{}, err
	}
	if plan.Release == "" {
		plan.Release = sc.Release
	}
	p, err := release.Lookup(plan.Release)
	if err != nil {
		return flags.Set{}, usage("release: %v", err)
	}
	return in.settings.resolve(c, a, sc, p)
}

// checkSweep refuses plans that would not play what they say: values that no gate
// would start with.
func checkSweep(r *sweep.Resolved) error {
	if r.Plan.Flag == "buffer-window" {
		return nil // the maximum failover duration follows it
	}
	for _, v := range r.Plan.Values {
		set := r.Base
		if err := set.Set(r.Plan.Flag, v, r.Profile); err != nil {
			return usage("%v", err)
		}
		if err := flags.Validate(set, r.Profile); err != nil {
			return usage("--%s=%s: %v", r.Plan.Flag, v, err)
		}
	}
	return nil
}

// withDashes names the flag in errors of the plan as the command line does.
func withDashes(err error) string {
	text := err.Error()
	for _, name := range []string{"seeds", "prs", "lag"} {
		if strings.HasPrefix(text, name+": ") {
			return "--" + text
		}
	}
	return text
}

// runsOf is how many runs a sweep has.
func runsOf(r *sweep.Resolved) int {
	return len(r.Points) * (int(r.Seeds.Last-r.Seeds.First) + 1)
}

// replaySweep is the command that plays a sweep again: the plan, and everything
// else that the command line gave or that was left to defaults.
func replaySweep(c *cobra.Command, r *sweep.Resolved, args []string) string {
	words := []string{c.CommandPath()}
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	words = append(words, "--release", r.Profile.Name, "--seeds", fmt.Sprintf("%d-%d", r.Seeds.First, r.Seeds.Last))
	words = append(words, fmt.Sprintf("--%s=%s", r.Plan.Flag, quoted(strings.Join(r.Plan.Values, ","))))
	if defaults, err := r.Scenario.FlagSet(r.Profile); err == nil {
		words = append(words, flagWords(r.Base, defaults, r.Plan.Flag)...)
	}
	return strings.Join(append(words, ownWords(c, "release", "seeds")...), " ")
}
