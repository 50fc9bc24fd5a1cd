package compare

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/observed"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
)

// grid is a plan with the default scenario.
func grid(t testing.TB, axes ...[2]string) *sweep.Resolved {
	t.Helper()
	plan := sweep.Plan{Seeds: "1-8"}
	for _, a := range axes {
		axis, err := sweep.ParseAxis(a[0], a[1])
		require.NoError(t, err)
		plan.Vary = append(plan.Vary, axis)
	}
	r, err := plan.Resolve(nil)
	require.NoError(t, err)
	return r
}

// page is the page of metrics that a gate of the default scenario has after a reparent.
func page(t testing.TB, outage string, seed uint64) observed.Buffer {
	t.Helper()
	s, err := scenario.Builtin("default", scenario.VitessOptions())
	require.NoError(t, err)
	s, err = sweep.Vary(s, "prs", outage)
	require.NoError(t, err)
	r, err := runner.Run(s, runner.Options{Seed: seed})
	require.NoError(t, err)
	snapshot, err := observed.Read("gate-1", strings.NewReader(r.Gates[0].Metrics))
	require.NoError(t, err)
	return snapshot.Buffer()
}

// A gate that went through a reparent of a known length, with a seed that is not among those
// played, is explained best by that length, and not by others. spec: W-61
func TestExplainFindsTheTruth(t *testing.T) {
	r := grid(t, [2]string{"prs", "2s,5s,13s"})
	for outage, best := range map[string]string{"2s": "prs=2s", "5s": "prs=5s", "13s": "prs=13s"} {
		e, err := Explain(context.Background(), page(t, outage, 77), r, nil)
		require.NoError(t, err)
		require.Equal(t, best, e.Settings[0].Label)
		require.Zero(t, e.Settings[0].Ratio)
		require.Less(t, e.Settings[1].Ratio, -3.0)
	}
}

// What no run came to is explained by none, and says which counters are outside.
func TestExplainNone(t *testing.T) {
	seen := page(t, "5s", 3)
	seen.Evicted = map[string]float64{"BufferFull": 120}
	e, err := Explain(context.Background(), seen, grid(t, [2]string{"prs", "2s,5s"}), nil)
	require.NoError(t, err)
	require.True(t, e.None)
	require.Equal(t, "prs=5s", e.Settings[0].Label)
	outside := e.Settings[0].Outside()
	require.Equal(t, "evicted BufferFull", outside[len(outside)-1].Name)

	seen.Evicted = nil
	e, err = Explain(context.Background(), seen, grid(t, [2]string{"prs", "2s,5s"}), nil) // seed 3 is one of those played
	require.NoError(t, err)
	require.False(t, e.None)

	_, err = Explain(context.Background(), observed.Buffer{}, grid(t, [2]string{"prs", "2s"}), nil)
	require.ErrorContains(t, err, "nothing to explain")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Explain(ctx, seen, grid(t, [2]string{"prs", "2s"}), nil)
	require.ErrorIs(t, err, context.Canceled)
}
