package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
	"bufsim/tablet/vtorc"
)

// watched plays the default scenario without its switch: the primary's machine dies after 6 s.
func watched(t *testing.T, v *scenario.VTOrc, target scenario.Target) (*runner.Result, []trace.Event) {
	t.Helper()
	s, opts := load(t, scenario.DefaultName, "v24")
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(vtorc.KindRecover)}})
	opts.Sink = rec
	s.Cluster.VTOrc, s.Thresholds = v, scenario.Thresholds{}
	s.Duration, s.Until = scenario.Duration(50*time.Second), scenario.UntilDuration
	at := scenario.Duration(6 * time.Second)
	s.Timeline = []scenario.Operation{{
		ID: "kill", At: &at, Do: scenario.DoKill, Args: scenario.Args{Target: target, Component: scenario.ComponentHost},
	}}
	r, err := runner.Run(s, opts)
	require.NoError(t, err)
	require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
	return r, rec.Events()
}

// A scenario's VTOrc replaces a dead primary, and the clients go on; without it they do not.
// spec
func TestVTOrcOfScenario(t *testing.T) {
	alone, none := watched(t, nil, "primary:commerce/0")
	require.Empty(t, none)
	repaired, events := watched(t, &scenario.VTOrc{Count: 2, Cell: "zone1", WaitReplicasTimeout: scenario.Duration(30 * time.Second)}, "primary:commerce/0")
	require.NotEmpty(t, events)
	require.Greater(t, repaired.Statements.OK, alone.Statements.OK*2)
}

// In a cluster that begins with nothing VTOrc elects the first primary.
// spec: R-141, O-90
func TestVTOrcElectsFirstPrimary(t *testing.T) {
	s, opts := load(t, "bring-up", "v24")
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(vtorc.KindRecover)}})
	opts.Sink = rec
	s.Cluster.VTOrc = &scenario.VTOrc{Count: 1, Cell: "zone1", WaitReplicasTimeout: scenario.Duration(30 * time.Second)}
	for i := range s.Timeline {
		if s.Timeline[i].Do == scenario.DoInitShardPrimary {
			s.Timeline[i].Do, s.Timeline[i].Args = scenario.DoStartVTOrc, scenario.Args{}
		}
	}
	s.Thresholds = scenario.Thresholds{}
	r := run(t, s, opts)
	require.Positive(t, r.Statements.OK)
	require.Equal(t, string(vtorc.ElectNewPrimary), rec.Events()[0].Text("recovery"))
}
