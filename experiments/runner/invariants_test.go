package runner_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/release"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// Whatever the operator and the faults do, the cluster keeps its promises while they do it,
// and is whole again once they have stopped. The same runs are drawn each time; the nightly
// form draws others, and many more.
func TestInvariantsHold(t *testing.T) {
	simtest.Checks(t, 40, 3000)
	if !simtest.Nightly() {
		fixRapid(t, "1")
	}
	rapid.Check(t, func(t *rapid.T) {
		s, opts := drawRun(t)
		r, err := runner.Run(s, opts)
		require.NoError(t, err)
		judge(t, r)
	})
}

// fixRapid has the property draw the same cases each time.
func fixRapid(t *testing.T, seed string) {
	f := flag.Lookup("rapid.seed")
	before := f.Value.String()
	require.NoError(t, f.Value.Set(seed))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
}

// judge fails in the function of the invariant that did not hold, so that the shrinker keeps
// to one.
func judge(t *rapid.T, r *runner.Result) {
	if r.Outcome.Failed() {
		t.Fatalf("%s: %s", r.Outcome.Kind, r.Outcome.Detail)
	}
	for _, v := range r.Findings() {
		inv, err := invariant.Lookup(v.Invariant)
		require.NoError(t, err)
		inv.Fail(t, v)
	}
}

// drawRun draws a cluster, a load, what the operator does and what breaks.
func drawRun(t *rapid.T) (*scenario.Scenario, runner.Options) {
	s, err := scenario.Builtin("default", scenario.VitessOptions())
	require.NoError(t, err)
	drawCluster(t, s)
	s.Timeline = drawTimeline(t, &s.Cluster.Keyspaces[0])
	s.Duration, s.Recovery = scenario.Duration(20*time.Second), scenario.Duration(time.Minute)
	s.Thresholds = scenario.Thresholds{}
	profile, err := release.Lookup(rapid.SampledFrom([]string{"v12", "v14", "v17", "v18", "v19", "v21", "v22", "v24", "main"}).Draw(t, "release"))
	require.NoError(t, err)
	set, err := s.FlagSet(profile)
	require.NoError(t, err)
	set.VTGate.BufferSize = rapid.SampledFrom([]int{1, 2, 1000}).Draw(t, "buffer size")
	set.VTGate.BufferDrainConcurrency = rapid.IntRange(1, 3).Draw(t, "drain concurrency")
	opts := runner.Options{Seed: rapid.Uint64Range(1, 1<<20).Draw(t, "seed"), Release: profile, Flags: set, Invariants: invariant.All()}
	if rapid.Bool().Draw(t, "any schedule") {
		opts.Chooser = explore.NewRandom(opts.Seed, rapid.Bool().Draw(t, "preemptive"))
	}
	return s, opts
}

func drawCluster(t *rapid.T, s *scenario.Scenario) {
	k := &s.Cluster.Keyspaces[0]
	k.Durability = rapid.SampledFrom([]scenario.Durability{scenario.DurabilityNone, scenario.DurabilitySemiSync}).Draw(t, "durability")
	tablets := &k.Shards[0].Tablets
	for n := rapid.IntRange(2, 5).Draw(t, "tablets"); len(*tablets) < n; {
		last := (*tablets)[len(*tablets)-1]
		last.Alias = fmt.Sprintf("zone1-%d", 100+len(*tablets))
		*tablets = append(*tablets, last)
	}
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(rapid.SampledFrom([]time.Duration{0, 0, 2 * time.Second, 20 * time.Second}).Draw(t, "lag"))
	s.Cluster.Gates[0].Count = rapid.IntRange(1, 2).Draw(t, "gates")
	c := s.Workload[0].Closed
	c.Clients = rapid.IntRange(1, 8).Draw(t, "clients")
	c.Think = scenario.Uniform(10*time.Millisecond, 200*time.Millisecond)
	c.OnError = rapid.SampledFrom([]scenario.OnError{scenario.OnErrorFast, scenario.OnErrorRetry}).Draw(t, "on error")
	c.RetryWait = scenario.Duration(100 * time.Millisecond)
	c.ReadTimeout = scenario.Duration(rapid.SampledFrom([]time.Duration{time.Second, 40 * time.Second}).Draw(t, "read timeout"))
	c.Statements = scenario.Statements{Insert: 3, Select: 3, Update: 2, Delete: 1, Rows: rapid.SampledFrom([]int{0, 1, 5}).Draw(t, "shared rows")}
}

func drawTimeline(t *rapid.T, k *scenario.Keyspace) (list []scenario.Operation) {
	for i := range rapid.IntRange(1, 2).Draw(t, "operations") {
		do := rapid.SampledFrom([]scenario.Do{scenario.DoPlannedReparentShard, scenario.DoPlannedReparentShard, scenario.DoEmergencyReparentShard}).Draw(t, "operation")
		list = append(list, scenario.Operation{ID: fmt.Sprintf("op%d", i), At: drawTime(t), Do: do, Outcome: scenario.OutcomeAny, Args: scenario.Args{Keyspace: "commerce", Shard: "0"}})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "faults") {
		do := rapid.SampledFrom([]scenario.Do{scenario.DoKill, scenario.DoRestart, scenario.DoPause, scenario.DoPartition, scenario.DoStopApplier}).Draw(t, "fault")
		targets := []scenario.Target{"primary:commerce/0", "replicas:commerce/0", scenario.Target("tablet:" + k.Shards[0].Tablets[1].Alias)}
		args := scenario.Args{}
		if do != scenario.DoStopApplier {
			targets = append(targets, "gate:gate-1", "topo:global")
			if do != scenario.DoPartition {
				args.Component = rapid.SampledFrom([]scenario.Component{scenario.ComponentVTTablet, scenario.ComponentMySQLD, scenario.ComponentHost}).Draw(t, "component")
			}
		}
		args.Target = rapid.SampledFrom(targets).Draw(t, "target")
		if rapid.Bool().Draw(t, "ends") {
			args.For = at(time.Duration(rapid.IntRange(1, 10_000).Draw(t, "for")) * time.Millisecond)
		}
		list = append(list, scenario.Operation{ID: fmt.Sprintf("fault%d", i), At: drawTime(t), Do: do, Outcome: scenario.OutcomeAny, Args: args})
	}
	return list
}

func drawTime(t *rapid.T) *scenario.Duration {
	return at(time.Duration(rapid.IntRange(2_000, 12_000).Draw(t, "at ms")) * time.Millisecond)
}
