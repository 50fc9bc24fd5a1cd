package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// reparents plays operator's commands, one every two seconds, on the default cluster.
func reparents(t *testing.T, timeline ...scenario.Operation) *runner.Result {
	t.Helper()
	s, opts := load(t, scenario.DefaultName, "v24")
	s.Timeline, s.Thresholds, s.Duration = nil, scenario.Thresholds{}, scenario.Duration(20*time.Second)
	for i, op := range timeline {
		at := scenario.Duration(time.Duration(2*i+2) * time.Second)
		op.ID, op.At = string(op.Do), &at
		s.Timeline = append(s.Timeline, op)
	}
	r, err := runner.Run(s, opts)
	require.NoError(t, err)
	require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
	for _, o := range r.Operations {
		require.True(t, o.Ended, o.ID)
	}
	return r
}

// spec
func TestOperatorCommands(t *testing.T) {
	no, yes := false, true
	r := reparents(
		t,
		scenario.Operation{Do: scenario.DoEmergencyReparentShard, Args: scenario.Args{NewPrimary: "zone1-101"}},
		scenario.Operation{Do: scenario.DoSetWritable, Args: scenario.Args{Target: "zone1-101", Value: &no}},
		scenario.Operation{Do: scenario.DoTabletExternallyReparented, Args: scenario.Args{Target: "zone1-100"}},
		scenario.Operation{Do: scenario.DoSetWritable, Args: scenario.Args{Target: "zone1-100", Value: &yes}},
	)
	for i, what := range []string{
		"EmergencyReparentShard commerce/0 to zone1-0000000101", "SetWritable zone1-101 false",
		"TabletExternallyReparented to zone1-0000000100", "SetWritable zone1-100 true",
	} {
		require.Equal(t, what, r.Operations[i].What)
		require.Empty(t, r.Operations[i].Error)
	}
	require.NotEmpty(t, r.Operations[0].Phases)
}

// A command that fails says on the terminal why.
// spec
func TestFailedCommand(t *testing.T) {
	r := reparents(t, scenario.Operation{Do: scenario.DoInitShardPrimary, Args: scenario.Args{NewPrimary: "zone1-101"}})
	const text = "primary-elect tablet zone1-0000000101 is not the shard primary, use -force to proceed anyway"
	require.Equal(t, text, r.Operations[0].Error)
	require.Contains(t, r.Operations[0].Output, "rpc error: code = Unknown desc = "+text)
}
