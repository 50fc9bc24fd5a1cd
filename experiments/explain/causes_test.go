package explain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// outage makes the promotion of the reparent take longer.
func outage(d time.Duration) func(*testing.T, *explain.Setting) {
	return func(_ *testing.T, s *explain.Setting) { s.Scenario.Cluster.Steps.PromoteDelay = scenario.Constant(d) }
}

// patience is how long clients wait for an answer.
func patience(d time.Duration) func(*testing.T, *explain.Setting) {
	return func(_ *testing.T, s *explain.Setting) {
		s.Scenario.Workload[0].Closed.ReadTimeout = scenario.Duration(d)
	}
}

// breaks has a fault happen instead of the reparent.
func breaks(line string) func(*testing.T, *explain.Setting) {
	return func(t *testing.T, s *explain.Setting) {
		f, err := fault.Parse(line, scenario.FaultKinds())
		require.NoError(t, err)
		s.Scenario.Timeline, s.Scenario.Faults = nil, []scenario.FaultLine{{Fault: f}}
	}
}

// alongside has a fault happen besides the reparent.
func alongside(line string) func(*testing.T, *explain.Setting) {
	return func(t *testing.T, s *explain.Setting) {
		timeline := s.Scenario.Timeline
		breaks(line)(t, s)
		s.Scenario.Timeline = timeline
	}
}

// slowWatcher has the gate's keyspace event watcher take up news late.
func slowWatcher(d time.Duration) func(*testing.T, *explain.Setting) {
	return func(_ *testing.T, s *explain.Setting) { s.Scenario.Cluster.CPU.WatcherDelay = scenario.Constant(d) }
}

// twoShards cuts the keyspace in two, and moves both primaries at once.
func twoShards(t *testing.T, s *explain.Setting) {
	t.Helper()
	whole, op := &s.Scenario.Cluster.Keyspaces[0].Shards[0], &s.Scenario.Timeline[0]
	other := scenario.Shard{Name: "80-"}
	for i, tablet := range whole.Tablets {
		tablet.Alias = fmt.Sprintf("zone1-%d", 200+i)
		other.Tablets = append(other.Tablets, tablet)
	}
	whole.Name, op.Args.Shard = "-80", "-80"
	s.Scenario.Cluster.Keyspaces[0].Shards = append(s.Scenario.Cluster.Keyspaces[0].Shards, other)
	second := *op
	second.ID, second.Args.Shard = "op2", "80-"
	s.Scenario.Timeline = append(s.Scenario.Timeline, second)
	loaded, err := scenario.Load("two shards", s.Scenario.Marshal(), scenario.VitessOptions())
	require.NoError(t, err)
	s.Scenario = loaded
}

// transactions has clients run transactions.
func transactions(_ *testing.T, s *explain.Setting) {
	s.Scenario.Workload[0].Closed.Transaction = &scenario.Transaction{Inserts: 3, Think: scenario.Constant(300 * time.Millisecond)}
}

// replicas has clients read from replicas.
func replicas(_ *testing.T, s *explain.Setting) {
	s.Scenario.Workload[0].Closed.TabletType = scenario.TypeReplica
	s.Scenario.Workload[0].Closed.Statements = scenario.Statements{Select: 1}
}

// Each reason why a statement fails has a scenario whose explanation names it, with its rule and
// its flag, and a remedy that does save: the run is played again with it, apart from the search.
// spec: B-4, B-9, B-11, B-15, B-22, B-25, B-27, B-36, B-38, G-12, G-24, G-32a, G-33, G-34, G-71, G-79b, G-79c, G-86, G-87
func TestCausesAndRemedies(t *testing.T) {
	for _, c := range []struct {
		name, scenario string
		flags          []string
		change         []func(*testing.T, *explain.Setting)
		cause, rule    string
		flag, knob     string
	}{
		{name: "buffering is off", flags: []string{"enable-buffer=false"}, cause: "disabled", rule: "B-11", flag: "enable-buffer", knob: "enable-buffer"},
		{name: "few slots", flags: []string{"buffer-size=1"}, cause: "evicted-full", rule: "B-22", flag: "buffer-size", knob: "buffer-size"},
		{name: "statement's time", flags: []string{"query-timeout=500"}, cause: "context", rule: "B-27", flag: "query-timeout", knob: "query-timeout"},
		{name: "one attempt", flags: []string{"retry-count=0"}, cause: "last-attempt", rule: "G-32a", flag: "retry-count", knob: "retry-count"},
		{
			name: "short window", flags: []string{"buffer-window=1s"}, change: []func(*testing.T, *explain.Setting){outage(3 * time.Second)},
			cause: "window", rule: "B-36", flag: "buffer-window", knob: "buffer-window",
		},
		{
			name: "short maximum", flags: []string{"buffer-window=4s", "buffer-max-failover-duration=4s"},
			change: []func(*testing.T, *explain.Setting){outage(7 * time.Second)},
			cause:  "max-duration", rule: "B-38", flag: "buffer-max-failover-duration", knob: "buffer-window",
		},
		{
			name: "after the maximum", flags: []string{"buffer-window=2s", "buffer-max-failover-duration=2s"},
			change: []func(*testing.T, *explain.Setting){outage(7 * time.Second)},
			cause:  "after-max-duration", rule: "B-15", flag: "buffer-max-failover-duration", knob: "buffer-window",
		},
		{name: "second reparent", scenario: "4", cause: "too-recent", rule: "B-15", flag: "buffer-min-time-between-failovers", knob: "buffer-min-time-between-failovers"},
		{name: "impatient clients", change: []func(*testing.T, *explain.Setting){patience(500 * time.Millisecond)}, cause: "client-timeout", rule: "G-79b", knob: "read-timeout"},
		{name: "dead gate", change: []func(*testing.T, *explain.Setting){breaks("at 6s crash gate-1")}, cause: "no-gate", rule: "G-84", knob: "without-fault"},
		{
			name: "transactions", flags: []string{"shutdown-grace-period=10ms"}, change: []func(*testing.T, *explain.Setting){transactions},
			cause: "transaction", rule: "G-12", knob: "shutdown-grace-period",
		},
		{
			name: "replicas", change: []func(*testing.T, *explain.Setting){replicas, breaks("at 6s crash replicas:commerce/0 for 3s")},
			cause: "replica", rule: "G-71", flag: "retry-count", knob: "without-fault",
		},
		{
			name: "slots taken by another shard", flags: []string{"buffer-size=1"}, change: []func(*testing.T, *explain.Setting){twoShards},
			cause: "full", rule: "B-25", flag: "buffer-size", knob: "buffer-size",
		},
		{
			name: "gate that ends", flags: []string{"buffer-window=20s", "onterm-timeout=500ms"},
			change: []func(*testing.T, *explain.Setting){outage(5 * time.Second), alongside("at 8s restart gate-1")},
			cause:  "shutdown", rule: "G-87", flag: "onterm-timeout", knob: "onterm-timeout",
		},
		{
			name: "slow watcher", change: []func(*testing.T, *explain.Setting){slowWatcher(300 * time.Millisecond)},
			cause: "inconsistent", rule: "G-24", knob: "watcher",
		},
		{
			name: "short time limit at the tablet", flags: []string{"queryserver-config-query-timeout=5ms"},
			cause: "not-failover", rule: "B-4", knob: "queryserver-config-query-timeout",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.scenario == "" {
				c.scenario = scenario.DefaultName
			}
			s := setting(t, c.scenario, c.flags...)
			for _, change := range c.change {
				change(t, &s)
			}
			p := play(t, s)
			require.Contains(t, ids(p), c.cause)
			for _, g := range p.Groups() {
				if g.Cause.ID != c.cause {
					continue
				}
				require.Contains(t, g.Cause.Rules, c.rule)
				if c.flag != "" {
					require.Contains(t, g.Cause.Flags, c.flag)
				}
				saves(t, p, &g, c.knob)
			}
		})
	}
}

// saves looks for the remedy of a group, and plays it once more if it is one of flags.
func saves(t *testing.T, p *explain.Played, g *explain.Group, knob string) {
	t.Helper()
	savers, err := p.Search.Savers(g.Cause, explain.SaveAll(g, len(p.Failures)))
	require.NoError(t, err)
	for _, saver := range savers {
		if saver.Knob != knob {
			continue
		}
		require.True(t, saver.Verified)
		require.LessOrEqual(t, saver.Errors, len(p.Failures)-len(g.Failures))
		if len(saver.Flags) > 0 {
			again := p.Search.Setting
			apply(t, &again, saver.Flags)
			r, err := runner.Run(again.Scenario, runner.Options{Seed: again.Seed, Release: again.Release, Flags: again.Flags})
			require.NoError(t, err)
			require.Equal(t, saver.Errors, r.Statements.Errors, "the run with %v", saver.Flags)
		}
		return
	}
	t.Fatalf("no remedy by %s among %v", knob, savers)
}
