package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
)

// A heal undoes what the target suffers, and only that; it is no error that a
// primary has no replication to start.
func TestHeal(t *testing.T) {
	for target, healed := range map[scenario.Target]bool{"": true, "gate:gate-1": true, "tablet:zone1-101": false} {
		s, opts := load(t, "default", "v24")
		s.Workload[0].Closed.ReadTimeout = 0
		s.Timeline = []scenario.Operation{
			{ID: "cut", At: at(5 * time.Second), Do: scenario.DoPartition, Outcome: scenario.OutcomeAny, Args: scenario.Args{Target: "gate:gate-1"}},
			{ID: "heal", At: at(9 * time.Second), Do: scenario.DoHeal, Outcome: scenario.OutcomeSuccess, Args: scenario.Args{Target: target}},
		}
		opts.Seed = 1
		r := run(t, s, opts)
		require.Empty(t, r.Operations[1].Error)
		require.True(t, r.Operations[1].AsExpected)
		require.Equal(t, healed, r.Statements.Unfinished == 0, "heal %q", target)
	}
}

// A paused MySQL server goes on after a heal.
func TestHealResumesServers(t *testing.T) {
	s, opts := load(t, "default", "v24")
	s.Workload[0].Closed.ReadTimeout = 0
	s.Timeline = []scenario.Operation{
		{ID: "pause", At: at(5 * time.Second), Do: scenario.DoPause, Outcome: scenario.OutcomeAny, Args: scenario.Args{Target: "primary:commerce/0", Component: scenario.ComponentMySQLD}},
		{ID: "heal", At: at(8 * time.Second), Do: scenario.DoHeal, Outcome: scenario.OutcomeSuccess, Args: scenario.Args{Target: "tablet:zone1-100"}},
	}
	opts.Seed = 1
	r := run(t, s, opts)
	require.Zero(t, r.Statements.Unfinished)
	require.Greater(t, r.Latency.Max, time.Second)
}
