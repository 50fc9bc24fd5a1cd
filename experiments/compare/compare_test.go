package compare

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
)

func side(t testing.TB, text string) Side {
	t.Helper()
	s, err := ParseSide(text, sweep.Plan{}, nil)
	require.NoError(t, err)
	return s
}

func figure(t testing.TB, c *Comparison, name string) Figure {
	t.Helper()
	for _, f := range c.Figures {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no figure %q", name)
	return Figure{}
}

// A side is made of words: releases, scenarios, flags in any spelling, axes.
func TestParseSide(t *testing.T) {
	s := side(t, "v13 3 --buffer_window=7s lag=2s")
	require.Equal(t, "v13", s.Setting.Profile.Name)
	require.Equal(t, "3-buffering", s.Setting.Scenario.Name)
	require.Equal(t, 7*time.Second, s.Setting.Flags.VTGate.BufferWindow)
	require.Equal(t, 2*time.Second, s.Setting.Scenario.Cluster.MySQL.ReplicationDelay.Std())
	for text, want := range map[string]string{
		"":                                "a side is empty",
		"v99":                             "v99 is neither a release nor a scenario",
		"bufer-window=5s":                 `did you mean "buffer-window"?`,
		"buffer-window=soon":              "soon",
		"none.yaml":                       "none.yaml",
		"v13 v24":                         "release appears twice",
		"buffer-max-failover-duration=1s": "--buffer-window must be <=",
	} {
		_, err := ParseSide(text, sweep.Plan{}, nil)
		require.ErrorContains(t, err, want, text)
	}
}

// The window decides whether a reparent of nine seconds costs statements; both sides saw
// the same reparents. A difference that is luck is not decided, and what never differs
// is the same.
func TestPlay(t *testing.T) {
	seeds := scenario.Seeds{First: 1, Last: 12}
	c, err := Play(context.Background(), side(t, "prs=9s buffer-window=5s"), side(t, "prs=9s"), seeds, Options{})
	require.NoError(t, err)
	require.Equal(t, 12, c.Runs)
	failed := figure(t, c, "failed statements")
	require.Equal(t, Lower, failed.Verdict)
	require.Positive(t, failed.First.Mean)
	require.Zero(t, failed.Second.Mean)
	require.InDelta(t, -failed.First.Mean, failed.Diff.Mean, 1e-9)
	require.Equal(t, Same, figure(t, c, "write outage").Verdict)
	require.Equal(t, Higher, figure(t, c, "latency, longest").Verdict)

	again, err := Play(context.Background(), side(t, "prs=9s"), side(t, "prs=9s"), seeds, Options{})
	require.NoError(t, err)
	for _, f := range again.Figures {
		require.Equal(t, Same, f.Verdict, f.Name)
	}
	luck, err := Play(context.Background(), side(t, "v13"), side(t, "v24"), seeds, Options{})
	require.NoError(t, err)
	require.Equal(t, Undecided, figure(t, luck, "latency, longest").Verdict)
}

// An interrupt leaves what both sides have played.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Play(ctx, side(t, "prs=2s"), side(t, "prs=3s"), scenario.Seeds{First: 1, Last: 500}, Options{Progress: func(done, _ int) {
		if done == 45 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, c.Runs, 20)
	require.Less(t, c.Runs, 60)
	require.Equal(t, c.Runs, c.Figures[0].Diff.N)
}

// Seeds go on until the difference is known to two per cent, and no further; the
// figures are those of the same seeds played at once. Sides that never differ are compared
// as long as it takes for that to mean something.
func TestUntilHalfwidth(t *testing.T) {
	ctx, a, b := context.Background(), side(t, "prs=3s"), side(t, "prs=3s buffer-window=2s")
	until := Options{Until: &stats.FixedWidth{HalfWidth: 0.02}}
	c, err := Play(ctx, a, b, scenario.Seeds{First: 1, Last: 1000}, until)
	require.NoError(t, err)
	require.Zero(t, c.Runs%stats.SeedsPerRound)
	require.Less(t, c.Runs, 100)
	diff := figure(t, c, "failed statements, share").Diff
	require.LessOrEqual(t, max(diff.Mean-diff.Low, diff.High-diff.Mean), 0.02)

	whole, err := Play(ctx, a, b, scenario.Seeds{First: 1, Last: uint64(c.Runs)}, Options{})
	require.NoError(t, err)
	require.Equal(t, whole.Figures, c.Figures)

	same, err := Play(ctx, a, a, scenario.Seeds{First: 1, Last: 1000}, until)
	require.NoError(t, err)
	require.Equal(t, stats.EqualRunsMin, same.Runs)
}
