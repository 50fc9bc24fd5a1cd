package hunt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/scenario"
)

func shrinkSteps(s *shrinker) {
	s.remove(func() int { return len(s.best.Input.Steps) }, func(from, to int) *Input {
		in := s.best.Input.clone()
		in.Steps = slices.Delete(in.Steps, from, to)
		return in
	})
}

// shrinkShards takes shards away with everything that happens to them.
func shrinkShards(s *shrinker) {
	s.remove(func() int { return len(s.best.Input.Shards) - 1 }, func(from, to int) *Input {
		in := s.best.Input.clone()
		gone := slices.Clone(in.Shards[from:to])
		in.Shards = slices.Delete(in.Shards, from, to)
		in.Steps = slices.DeleteFunc(in.Steps, func(st Step) bool { return slices.Contains(gone, st.Shard) })
		return in
	})
}

// whole gives a copy of the best input with a change to its scenario; nil if it has none or
// the scenario would make no sense.
func (s *shrinker) whole(change func(*scenario.Scenario)) *Input {
	if s.best.Input.Scenario == nil {
		return nil
	}
	in := s.best.Input.clone()
	change(in.Scenario)
	whole, err := load("shrunk", in.Scenario.Marshal())
	if err != nil {
		return nil
	}
	in.Scenario = whole
	return in
}

// count is the length of a list of the best scenario; 0 without one.
func (s *shrinker) count(of func(*scenario.Scenario) int) func() int {
	return func() int {
		if s.best.Input.Scenario == nil {
			return 0
		}
		return of(s.best.Input.Scenario)
	}
}

func shrinkFaults(s *shrinker) {
	s.remove(s.count(func(sc *scenario.Scenario) int { return len(sc.Faults) }), func(from, to int) *Input {
		return s.whole(func(sc *scenario.Scenario) { sc.Faults = slices.Delete(sc.Faults, from, to) })
	})
}

func shrinkOperations(s *shrinker) {
	s.remove(s.count(func(sc *scenario.Scenario) int { return len(sc.Timeline) }), func(from, to int) *Input {
		return s.whole(func(sc *scenario.Scenario) { sc.Timeline = slices.Delete(sc.Timeline, from, to) })
	})
}

// shrinkClients takes groups of clients away, then clients.
func shrinkClients(s *shrinker) {
	groups := s.count(func(sc *scenario.Scenario) int { return len(sc.Workload) - 1 })
	s.remove(groups, func(from, to int) *Input {
		return s.whole(func(sc *scenario.Scenario) { sc.Workload = slices.Delete(sc.Workload, from, to) })
	})
	for i := range s.count(func(sc *scenario.Scenario) int { return len(sc.Workload) })() {
		for s.more() && i < len(s.best.Input.Scenario.Workload) {
			closed := s.best.Input.Scenario.Workload[i].Closed
			if closed == nil || closed.Clients <= 1 || !s.fewerClients(i, closed.Clients) {
				break
			}
		}
	}
}

// fewerClients tries half of a group's clients, or one less.
func (s *shrinker) fewerClients(group, had int) bool {
	for _, n := range []int{had / 2, had - 1} {
		if in := s.whole(func(sc *scenario.Scenario) { sc.Workload[group].Closed.Clients = n }); in != nil && s.try(in) {
			return true
		}
	}
	return false
}

// shrinkCluster takes gates and tablets away, and makes timings the usual ones.
func shrinkCluster(s *shrinker) {
	if s.best.Input.Scenario == nil {
		return
	}
	s.remove(s.count(func(sc *scenario.Scenario) int { return len(sc.Cluster.Gates) - 1 }), func(from, to int) *Input {
		return s.whole(func(sc *scenario.Scenario) { sc.Cluster.Gates = slices.Delete(sc.Cluster.Gates, from+1, to+1) })
	})
	for i := range s.best.Input.Scenario.Cluster.Keyspaces {
		for j := range s.best.Input.Scenario.Cluster.Keyspaces[i].Shards {
			tablets := s.count(func(sc *scenario.Scenario) int { return len(sc.Cluster.Keyspaces[i].Shards[j].Tablets) - 1 })
			s.remove(tablets, func(from, to int) *Input {
				return s.whole(func(sc *scenario.Scenario) {
					sh := &sc.Cluster.Keyspaces[i].Shards[j]
					sh.Tablets = slices.Delete(sh.Tablets, from+1, to+1)
				})
			})
		}
	}
	usual, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	if err != nil {
		panic(err) // it is part of the program
	}
	s.differently(func(sc *scenario.Scenario) { sc.Cluster.MySQL = usual.Cluster.MySQL })
	s.differently(func(sc *scenario.Scenario) { sc.Cluster.Steps = usual.Cluster.Steps })
	s.differently(func(sc *scenario.Scenario) { sc.Cluster.CPU = usual.Cluster.CPU })
	s.differently(func(sc *scenario.Scenario) { sc.Cluster.Network = usual.Cluster.Network })
}

// differently tries a change that makes the scenario another one.
func (s *shrinker) differently(change func(*scenario.Scenario)) {
	in := s.whole(change)
	if in != nil && in.Scenario.Hash() != s.best.Input.Scenario.Hash() {
		s.try(in)
	}
}

// shrinkFlags leaves flags at their defaults, and schedules in the dull way.
func shrinkFlags(s *shrinker) {
	s.remove(func() int { return len(s.best.Input.Flags) }, func(from, to int) *Input {
		in := s.best.Input.clone()
		in.Flags = slices.Delete(in.Flags, from, to)
		return in
	})
	if in := s.best.Input.clone(); in.Policy != "first" {
		in.Policy, in.Choices = "first", nil
		s.play(in, anyCase)
	}
}

// shrinkDetails leaves out arguments of steps.
func shrinkDetails(s *shrinker) {
	for i := 0; i < len(s.best.Input.Steps) && s.more(); i++ {
		for j := len(s.best.Input.Steps[i].Args) - 1; j >= 0; j-- {
			in := s.best.Input.clone()
			in.Steps[i].Args = slices.Delete(slices.Clone(in.Steps[i].Args), j, j+1)
			s.try(in)
		}
	}
}

// shrinkTimes rounds the instants of steps and the times of faults.
func shrinkTimes(s *shrinker) {
	for i := 0; i < len(s.best.Input.Steps) && s.more(); i++ {
		for _, unit := range []time.Duration{time.Second, 100 * time.Millisecond, time.Millisecond} {
			in := s.best.Input.clone()
			at := in.Steps[i].At
			if at.Round(unit) == at {
				break
			}
			in.Steps[i].At = at.Round(unit)
			if s.try(in) {
				break
			}
		}
	}
	n := s.count(func(sc *scenario.Scenario) int { return len(sc.Faults) })
	for i := 0; i < n() && s.more(); i++ {
		f := s.best.Input.Scenario.Faults[i]
		s.differently(func(sc *scenario.Scenario) { sc.Faults[i].For = f.For.Round(time.Second) })
		s.differently(func(sc *scenario.Scenario) {
			if strings.HasPrefix(sc.Faults[i].String(), "at ") {
				sc.Faults[i].When.At = f.When.At.Round(time.Second)
			}
		})
	}
}

// Compare tells in two lines what shrinking took away.
func Compare(before, after *Case) string {
	line := func(c *Case) string {
		all, choices := c.decisions()
		return fmt.Sprintf("size %d, %d steps, %d choices of %d", c.size(), c.Steps, choices, all)
	}
	return "before: " + line(before) + "\nafter:  " + line(after)
}
