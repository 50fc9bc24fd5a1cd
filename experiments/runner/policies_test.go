package runner_test

import (
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

// Shards of two to five tablets in one to three cells, under each durability policy, with lag,
// reparents of all three kinds at drawn instants, and processes that die: all invariants hold, and
// after a recovery the shard is whole. The same runs are drawn each time; the nightly form draws
// others, and many more.
// spec
func TestInvariantsHoldUnderEachPolicy(t *testing.T) {
	simtest.Checks(t, 30, 2000)
	if !simtest.Nightly() {
		fixRapid(t, "1")
	}
	rapid.Check(t, func(t *rapid.T) {
		s, opts := drawPolicyRun(t)
		r, err := runner.Run(s, opts)
		require.NoError(t, err)
		judge(t, r)
	})
}

func drawPolicyRun(t *rapid.T) (*scenario.Scenario, runner.Options) {
	s, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	require.NoError(t, err)
	drawShardOfPolicy(t, s)
	aliases := []string{""}
	for _, tablet := range s.Cluster.Keyspaces[0].Shards[0].Tablets {
		aliases = append(aliases, tablet.Alias)
	}
	s.Timeline = drawReparents(t, aliases)
	for i := range rapid.IntRange(0, 2).Draw(t, "crashes") {
		target := rapid.SampledFrom(append([]string{"primary:commerce/0"}, aliases[1:]...)).Draw(t, "target")
		args := scenario.Args{
			Target:    scenario.Target(target),
			Component: rapid.SampledFrom([]scenario.Component{scenario.ComponentVTTablet, scenario.ComponentMySQLD, scenario.ComponentHost}).Draw(t, "component"),
			For:       at(time.Duration(rapid.IntRange(100, 10_000).Draw(t, "for")) * time.Millisecond),
		}
		s.Timeline = append(s.Timeline, scenario.Operation{ID: fmt.Sprintf("crash%d", i), At: drawTime(t), Do: scenario.DoKill, Outcome: scenario.OutcomeAny, Args: args})
	}
	s.Duration, s.Recovery, s.Thresholds = scenario.Duration(20*time.Second), scenario.Duration(time.Minute), scenario.Thresholds{}
	profile, err := release.Lookup(rapid.SampledFrom([]string{"v12", "v13", "v15", "v19", "v21", "v22", "v23", "v24"}).Draw(t, "release"))
	require.NoError(t, err)
	set, err := s.FlagSet(profile)
	require.NoError(t, err)
	opts := runner.Options{Seed: rapid.Uint64Range(1, 1<<20).Draw(t, "seed"), Release: profile, Flags: set, Invariants: invariant.All()}
	if rapid.Bool().Draw(t, "any schedule") {
		opts.Chooser = explore.NewRandom(opts.Seed, rapid.Bool().Draw(t, "preemptive"))
	}
	return s, opts
}

// drawShardOfPolicy draws a shard whose primary finds somebody to acknowledge its writes, as a
// scenario's checks demand.
func drawShardOfPolicy(t *rapid.T, s *scenario.Scenario) {
	policy := rapid.SampledFrom([]scenario.Durability{
		scenario.DurabilityNone, scenario.DurabilitySemiSync, scenario.DurabilityCrossCell,
		scenario.DurabilitySemiSyncWithRdonlyAck, scenario.DurabilityCrossCellWithRdonlyAcks,
	}).Draw(t, "policy")
	crossCell := policy == scenario.DurabilityCrossCell || policy == scenario.DurabilityCrossCellWithRdonlyAcks
	least := 1
	if crossCell {
		least = 2
	}
	cells := []string{"zone1", "zone2", "zone3"}[:rapid.IntRange(least, 3).Draw(t, "cells")]
	tablets := []scenario.Tablet{{Alias: "zone1-100", Cell: "zone1", Type: scenario.TypePrimary}}
	for i := range rapid.IntRange(1, 4).Draw(t, "tablets") {
		cell, kind := rapid.SampledFrom(cells).Draw(t, "cell"), scenario.TypeReplica
		switch {
		case i == 0 && crossCell:
			cell = cells[1]
		case i > 0 && rapid.IntRange(0, 3).Draw(t, "rdonly") == 0:
			kind = scenario.TypeRdonly
		}
		tablets = append(tablets, scenario.Tablet{Alias: fmt.Sprintf("%s-%d", cell, 101+i), Cell: cell, Type: kind})
	}
	s.Cluster.Cells, s.Cluster.Keyspaces[0].Durability, s.Cluster.Keyspaces[0].Shards[0].Tablets = cells, policy, tablets
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(rapid.SampledFrom([]time.Duration{0, 0, time.Second, 20 * time.Second}).Draw(t, "lag"))
	c := s.Workload[0].Closed
	c.Clients, c.Think = rapid.IntRange(1, 5).Draw(t, "clients"), scenario.Uniform(10*time.Millisecond, 200*time.Millisecond)
	c.Statements = scenario.Statements{Insert: 3, Select: 2, Update: 2, Rows: rapid.SampledFrom([]int{0, 3}).Draw(t, "shared rows")}
}

// drawReparents draws one to three reparents, planned, emergency or told by another tool, which
// switches MySQL first.
func drawReparents(t *rapid.T, aliases []string) (list []scenario.Operation) {
	for i := range rapid.IntRange(1, 3).Draw(t, "reparents") {
		op := scenario.Operation{ID: fmt.Sprintf("op%d", i), At: drawTime(t), Outcome: scenario.OutcomeAny}
		switch rapid.SampledFrom([]string{"prs", "prs", "ers", "ter"}).Draw(t, "kind") {
		case "prs":
			op.Do, op.Args.NewPrimary = scenario.DoPlannedReparentShard, rapid.SampledFrom(aliases).Draw(t, "new primary")
		case "ers":
			op.Do, op.Args.NewPrimary = scenario.DoEmergencyReparentShard, rapid.SampledFrom(aliases).Draw(t, "new primary")
		case "ter":
			op.Do = scenario.DoTabletExternallyReparented
			op.Args.Target = scenario.Target(rapid.SampledFrom(aliases[1:]).Draw(t, "told"))
		}
		list = append(list, op)
	}
	return list
}
