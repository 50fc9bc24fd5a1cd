package hunt

import (
	"fmt"
	"slices"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// Input is everything that a run depends on. Equal inputs give equal runs.
type Input struct {
	// World is the name of a world, see [Worlds].
	World   string
	Release string
	// Switches are switches of the release's behaviour that the run has otherwise, such as
	// CancelLeaksSlot=true: a bug planted, or a fix taken out.
	Switches []string
	Seed     uint64
	// Flags are Vitess flags, name=value, on top of the release's defaults and the scenario's.
	Flags []string
	// Shards and Steps are the program of a small world.
	Shards []string
	Steps  []Step
	// Scenario is what the cluster world plays.
	Scenario *scenario.Scenario
	// Policy is the text form of an explore.Strategy, Schedule its seed. Choices, if there are
	// any, are followed instead.
	Policy   string
	Schedule uint64
	Choices  []sim.Decision

	// via makes the chooser of the run of the one that follows the recorded choices; nil if that
	// one will do.
	via func(*explore.Replay) sim.Chooser
}

// chooser makes the chooser of the run. replay is not nil if it follows recorded choices.
func (in *Input) chooser() (c sim.Chooser, replay *explore.Replay, err error) {
	strategy, err := explore.Parse(in.Policy)
	if err != nil {
		return nil, nil, err
	}
	c = strategy.Chooser(in.Schedule, explore.Estimate{})
	if len(in.Choices) == 0 && in.via == nil {
		return c, nil, nil
	}
	p, ok := c.(sim.Preempter)
	replay = explore.NewReplay(in.Choices, ok && p.Preempts())
	if in.via != nil {
		return in.via(replay), nil, nil
	}
	return replay, replay, nil
}

// profile is the release with the switches turned.
func (in *Input) profile() (release.Profile, error) {
	p, err := release.Lookup(in.Release)
	if err != nil {
		return p, err
	}
	return p.Turned(in.Switches...)
}

// flagSet is the value of every flag, checked as Vitess does at its start.
func (in *Input) flagSet(p release.Profile) (flags.Set, error) {
	set := flags.Defaults(p)
	if in.Scenario != nil {
		var err error
		if set, err = in.Scenario.FlagSet(p); err != nil {
			return set, err
		}
	}
	for _, f := range in.Flags {
		name, value, _ := strings.Cut(f, "=")
		if err := set.Set(name, value, p); err != nil {
			return set, err
		}
	}
	return set, flags.Validate(set, p)
}

// clone copies what a change of the input may change.
func (in *Input) clone() *Input {
	c := *in
	c.Switches, c.Flags, c.Shards = slices.Clone(in.Switches), slices.Clone(in.Flags), slices.Clone(in.Shards)
	c.Steps, c.Choices = slices.Clone(in.Steps), slices.Clone(in.Choices)
	if in.Scenario != nil {
		c.Scenario = cloneScenario(in.Scenario)
	}
	return &c
}

// cloneScenario copies the parts of a scenario that are drawn and shrunk.
func cloneScenario(s *scenario.Scenario) *scenario.Scenario {
	c := *s
	c.Timeline, c.Faults, c.Workload = slices.Clone(s.Timeline), slices.Clone(s.Faults), slices.Clone(s.Workload)
	for i := range c.Workload {
		if closed := c.Workload[i].Closed; closed != nil {
			own := *closed
			c.Workload[i].Closed = &own
		}
	}
	c.Cluster.Gates = slices.Clone(s.Cluster.Gates)
	c.Cluster.Keyspaces = slices.Clone(s.Cluster.Keyspaces)
	for i := range c.Cluster.Keyspaces {
		k := &c.Cluster.Keyspaces[i]
		k.Shards = slices.Clone(k.Shards)
		for j := range k.Shards {
			k.Shards[j].Tablets = slices.Clone(k.Shards[j].Tablets)
		}
	}
	return &c
}

// Line tells the input in one line.
func (in *Input) Line() string {
	words := []string{in.World, in.Release}
	words = append(words, in.Switches...)
	words = append(words, in.Flags...)
	if in.Scenario != nil {
		words = append(words, scenarioWords(in.Scenario)...)
	} else {
		words = append(words, fmt.Sprintf("%d shards, %d steps", len(in.Shards), len(in.Steps)))
	}
	return fmt.Sprintf("%s, %s %d, seed %d", strings.Join(words, " "), in.Policy, in.Schedule, in.Seed)
}

// scenarioWords tells the shape of a drawn cluster, its load and what breaks.
func scenarioWords(s *scenario.Scenario) []string {
	shards, tablets, gates, clients := 0, 0, 0, 0
	for _, k := range s.Cluster.Keyspaces {
		shards += len(k.Shards)
		for _, sh := range k.Shards {
			tablets += len(sh.Tablets)
		}
	}
	for _, g := range s.Cluster.Gates {
		gates += g.Count
	}
	for _, w := range s.Workload {
		if w.Closed != nil {
			clients += w.Closed.Clients
		}
	}
	words := []string{fmt.Sprintf("%d cells, %d shards, %d tablets, %d gates, %d clients;", len(s.Cluster.Cells), shards, tablets, gates, clients)}
	for _, o := range s.Timeline {
		words = append(words, string(o.Do)+" at "+o.At.String()+";")
	}
	for _, f := range s.Faults {
		words = append(words, f.String()+";")
	}
	return words
}
