package explain_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
)

// A second reparent too soon after the first: runs fail at all pauses below
// --buffer-min-time-between-failovers and at none above. The nearest run that passes does when it
// is played apart from the search, and the first thing that differs is that the buffer holds.
//
// spec: B-15, B-52
func TestTimingOfTheSecondReparent(t *testing.T) {
	s := setting(t, "4")
	found, err := explain.FindTiming(context.Background(), s, explain.TimingOptions{Seeds: 3, Points: 5})
	require.NoError(t, err)
	require.Equal(t, "op2", found.Operation)
	require.Equal(t, "op1", found.After)
	gap := s.Flags.VTGate.BufferMinTimeBetweenFailovers
	for i, p := range found.Points {
		require.True(t, i == 0 || p.At > found.Points[i-1].At)
		require.LessOrEqual(t, p.Low, float64(p.Failed)/3)
		require.GreaterOrEqual(t, p.High, float64(p.Failed)/3)
		switch {
		case p.At < gap-2*time.Second:
			require.Equal(t, 3, p.Failed, p.At)
		case p.At > gap:
			require.Zero(t, p.Failed, p.At)
		}
	}
	require.NotNil(t, found.Nearest)
	require.False(t, found.Nearest.Fails)
	require.Equal(t, s.Seed, found.Nearest.Seed)
	require.InDelta(t, gap.Seconds(), found.Nearest.At.Seconds(), 1.5)
	require.Contains(t, found.Nearest.Own.Text, "is not held")
	require.Contains(t, found.Nearest.Other.Text, "starts buffering")

	again := setting(t, "4")
	own := *again.Scenario
	own.Timeline = append(own.Timeline[:0:0], own.Timeline...)
	own.Duration += own.Timeline[1].Wait + 70e9
	own.Timeline[1].Wait += 70e9
	r, err := runner.Run(&own, runner.Options{Seed: again.Seed, Release: again.Release, Flags: again.Flags})
	require.NoError(t, err)
	require.False(t, explain.Fails(r))
}

// Where the instant does not matter all runs come out alike, and the search says so.
func TestTimingThatDoesNotMatter(t *testing.T) {
	found, err := explain.FindTiming(context.Background(), setting(t, "default"), explain.TimingOptions{Seeds: 2, Points: 3})
	require.NoError(t, err)
	require.Len(t, found.Points, 3, "the own instant is the middle one")
	require.Equal(t, 6, found.Runs)
	require.Nil(t, found.Nearest)
	require.Empty(t, found.After)
}

// Mistakes are told, and an interrupt ends the search.
func TestTimingNeedsAnOperation(t *testing.T) {
	s := setting(t, "default")
	_, err := explain.FindTiming(context.Background(), s, explain.TimingOptions{Operation: "op7"})
	require.ErrorContains(t, err, `no operation "op7", but op1`)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = explain.FindTiming(ended, s, explain.TimingOptions{})
	require.ErrorIs(t, err, context.Canceled)
	s.Scenario.Timeline = nil
	_, err = explain.FindTiming(context.Background(), s, explain.TimingOptions{})
	require.ErrorContains(t, err, "no operation that could happen at another time")
}
