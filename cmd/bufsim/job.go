package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// jobInput is what a command that plays one scenario takes from its command line.
type jobInput struct {
	settings settings
	seed     *seedValue
	variant  variantInput
	faults   faultInput
}

func (in *jobInput) register(c *cobra.Command) {
	in.settings.register(c)
	in.seed = registerSeed(c)
	in.faults.register(c)
}

// variantInput changes the scenario as the points of a sweep do.
type variantInput struct {
	prs, lag time.Duration
	vary     []string
}

func (v *variantInput) register(c *cobra.Command) {
	f := c.Flags()
	f.DurationVar(&v.prs, "prs", 0, "wanted write outage of the reparent, e.g. 5s (default: the scenario's)")
	f.DurationVar(&v.lag, "lag", 0, "replication delay of the replicas, e.g. 2s (default: the scenario's)")
	f.StringArrayVar(&v.vary, "vary", nil, "change the scenario as the axis of a sweep does, `NAME=VALUE`, e.g. clients=50; may be given again")
}

// apply gives the scenario with the wanted changes.
func (v *variantInput) apply(s *scenario.Scenario) (*scenario.Scenario, error) {
	if v.prs < 0 || v.lag < 0 {
		return nil, usage("--prs and --lag are durations from 0 on, such as 5s")
	}
	changes := v.vary
	if v.prs > 0 {
		changes = append(changes, "prs="+v.prs.String())
	}
	if v.lag > 0 {
		changes = append(changes, "lag="+v.lag.String())
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		varied, err := sweep.Vary(s, name, value)
		if err != nil {
			return nil, usage("--vary %s: %v", change, err)
		}
		s = varied
	}
	return s, nil
}

// job is one scenario with everything that a run of it needs.
type job struct {
	scenario *scenario.Scenario
	profile  release.Profile
	flags    flags.Set
	seed     uint64
	// replay is the command that plays the job again.
	replay string
}

// prepare loads a scenario and resolves release, flags and seed.
func (a *app) prepare(c *cobra.Command, in *jobInput, name string) (*job, error) {
	sc, err := loadScenario(name)
	if err != nil {
		return nil, err
	}
	j := &job{seed: in.seed.n}
	if j.scenario, err = in.variant.apply(sc); err != nil {
		return nil, err
	}
	if j.scenario, err = in.faults.apply(j.scenario); err != nil {
		return nil, err
	}
	if j.profile, err = in.settings.profile(sc); err != nil {
		return nil, err
	}
	if j.flags, err = in.settings.resolve(c, a, sc, j.profile); err != nil {
		return nil, err
	}
	if err := flags.Validate(j.flags, j.profile); err != nil {
		return nil, usage("%v", err)
	}
	if j.seed == 0 {
		j.seed = max(1, sc.Seeds.First)
	}
	j.replay = replayRun(c, name, j)
	return j, nil
}

// play runs the job; opts carry what is not part of the job.
func (j *job) play(opts runner.Options) (*runner.Result, error) {
	opts.Seed, opts.Release, opts.Flags = j.seed, j.profile, j.flags
	result, err := runner.Run(j.scenario, opts)
	if err != nil {
		return nil, usage("%v", err)
	}
	return result, nil
}
