package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// mishap plays faults on the default cluster, with one PRS after 5 s if asked for.
func mishap(t *testing.T, plan string, reparents ...scenario.Operation) *runner.Result {
	t.Helper()
	return crowdedMishap(t, 6, plan, reparents...)
}

// crowdedMishap has as many clients as are named.
func crowdedMishap(t *testing.T, clients int, plan string, reparents ...scenario.Operation) *runner.Result {
	t.Helper()
	s, opts := load(t, scenario.DefaultName, "v24")
	s.Workload[0].Closed.Clients = clients
	s.Timeline, s.Thresholds, s.Duration = reparents, scenario.Thresholds{}, scenario.Duration(30*time.Second)
	list, err := fault.ParsePlan(plan, scenario.FaultKinds())
	require.NoError(t, err)
	for _, f := range list {
		s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
	}
	opts.Seed = 1
	return run(t, s, opts)
}

func plannedAtFive(args scenario.Args) scenario.Operation {
	return scenario.Operation{ID: "prs", At: at(5 * time.Second), Do: scenario.DoPlannedReparentShard, Outcome: scenario.OutcomeAny, Args: args}
}

// An external switch stops writes without a message; Vitess learns of it by TER.
// spec: R-120
func TestExternalSwitch(t *testing.T) {
	// So many that one writes right after the switch: it waits longest.
	r := crowdedMishap(t, 20, "at 5s switch-mysql zone1-101\n", scenario.Operation{
		ID: "ter", At: at(6 * time.Second), Do: scenario.DoTabletExternallyReparented, Outcome: scenario.OutcomeSuccess,
		Args: scenario.Args{Target: "zone1-101"},
	})
	require.True(t, r.Faults[0].Fired)
	require.Empty(t, r.Faults[0].Error)
	require.True(t, r.Operations[0].AsExpected, r.Verdict)
	require.EqualValues(t, 1, r.Gates[0].Sum("vtgate_buffer_stops"))
	require.Zero(t, r.Statements.Unfinished)
	// The tool has switched semi-sync on at the new primary. The first write is acknowledged when
	// the old primary, whose own semi-sync takes a second to switch off, is its replica.
	require.Greater(t, r.Latency.Max, 1800*time.Millisecond, "a second until Vitess is told, and another")
	require.Less(t, r.Latency.Max, 2300*time.Millisecond)
}

// A replica whose applier is broken acknowledges, but never shows the journal's row: the
// promotion stands, and the command fails.
// spec: R-57
func TestBrokenApplier(t *testing.T) {
	wait := scenario.Duration(5 * time.Second)
	r := mishap(t, "at 1s break-applier zone1-102\n", plannedAtFive(scenario.Args{NewPrimary: "zone1-101", WaitReplicasTimeout: &wait}))
	require.Contains(t, r.Operations[0].Error, "some replicas failed to reparent")
	require.EqualValues(t, 1, r.Gates[0].Sum("vtgate_buffer_stops"))
}

// A replica with a transaction of its own cannot be repointed.
// spec: R-37, T-126
func TestErrantReplica(t *testing.T) {
	r := mishap(t, "at 1s write-errant zone1-102\n", plannedAtFive(scenario.Args{NewPrimary: "zone1-101"}))
	require.Contains(t, r.Operations[0].Error, "Errant GTID detected")
}
