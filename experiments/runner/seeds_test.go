package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// buffered plays switches at some instants on the default cluster under its light traffic, with
// one replica that applies late, and gives the run.
func buffered(t *testing.T, seed uint64, delay time.Duration, switches ...time.Duration) *runner.Result {
	t.Helper()
	s, opts := load(t, scenario.DefaultName, "v24")
	opts.Seed = seed
	s.Timeline, s.Thresholds, s.Duration = nil, scenario.Thresholds{}, scenario.Duration(25*time.Second)
	if delay > 0 {
		at, by := scenario.Duration(time.Second), scenario.Duration(delay)
		s.Timeline = append(s.Timeline, scenario.Operation{
			ID: "delay", Do: scenario.DoSetDelay, At: &at, Args: scenario.Args{Target: "zone1-102", Delay: &by},
		})
	}
	for i, d := range switches {
		at := scenario.Duration(d)
		s.Timeline = append(s.Timeline, scenario.Operation{
			ID: string(rune('a' + i)), Do: scenario.DoPlannedReparentShard, At: &at, Args: scenario.Args{NewPrimary: []string{"zone1-101", "zone1-100"}[i]},
		})
	}
	r, err := runner.Run(s, opts)
	require.NoError(t, err)
	require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
	for _, o := range r.Operations {
		require.True(t, o.Ended, o.ID)
		require.Empty(t, o.Error, o.ID)
	}
	return r
}

// lastFailover is the length of the gate's last buffering.
func lastFailover(r *runner.Result) time.Duration {
	return time.Duration(r.Gates[0].Sum("vtgate_buffer_last_failover_duration_ms")) * time.Millisecond
}

// P2: light autocommit traffic: everything is buffered and drained, and no client sees an error.
// spec: P2, R-74
func TestSeedP2LightTraffic(t *testing.T) {
	for seed := range uint64(5) {
		r := buffered(t, seed+1, 0, 5*time.Second)
		require.Zero(t, r.Statements.Errors)
		require.EqualValues(t, 1, r.Gates[0].Sum("vtgate_buffer_starts"))
		held := r.Gates[0].Sum("vtgate_buffer_requests_buffered")
		require.Positive(t, held)
		require.Equal(t, held, r.Gates[0].Sum("vtgate_buffer_requests_drained"))
		require.Less(t, lastFailover(r), 1500*time.Millisecond)
	}
}

// Buffering ends when the gate sees the new primary serve, seconds before a switch with a slow
// replica returns.
// spec
func TestBufferingEndsBeforeTheSwitch(t *testing.T) {
	r := buffered(t, 1, 6*time.Second, 10*time.Second)
	took := time.Duration(r.Operations[1].End - r.Operations[1].Start)
	require.Greater(t, took, 5*time.Second)
	require.Less(t, lastFailover(r), 2*time.Second)
	require.Zero(t, r.Statements.Errors)
	require.Less(t, r.Latency.Max, 2*time.Second)
}

// P12: a second switch 5 s later is not buffered, since the last failover is too recent.
// spec: P12, B-15
func TestSeedP12SecondSwitchTooSoon(t *testing.T) {
	r := buffered(t, 1, 0, 5*time.Second, 10*time.Second)
	require.EqualValues(t, 1, r.Gates[0].Sum("vtgate_buffer_starts"))
	require.Positive(t, r.Gates[0].Sum("vtgate_buffer_requests_skipped"))
	require.Positive(t, r.Statements.Errors)
}
