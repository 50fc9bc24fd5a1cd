package explore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// shrinkLost shrinks schedules that lose an update of two.
func shrinkLost(t *testing.T, from explore.Decisions, attempts int) (explore.Shrunk, int) {
	t.Helper()
	calls := 0
	shrunk, err := explore.Shrinker{
		Run: func(c *explore.Replay) string {
			if lostUpdate(c) < 2 {
				return "lost"
			}
			return ""
		},
		Attempts: attempts,
		Progress: func(p explore.ShrinkProgress) {
			calls++
			require.Equal(t, calls, p.Attempts)
		},
	}.Shrink(from)
	require.NoError(t, err)
	return shrunk, calls
}

// A schedule full of switches and stalls shrinks to the one switch, or the one stall, that
// is needed.
func TestShrinkToOneDeparture(t *testing.T) {
	found := 0
	for seed := uint64(1); found < 10; seed++ {
		c := explore.WithStalls(explore.NewRandom(seed, true), seed, 20, 0)
		from := explore.Decisions{}
		if value, d := lostUpdateLog(c); value == 2 {
			continue
		} else {
			from = d
		}
		found++
		shrunk, calls := shrinkLost(t, from, 0)
		all, stalls, switches := shrunk.Decisions.Departures()
		require.Equal(t, 1, all, "%v", shrunk.Decisions)
		require.Equal(t, 1, stalls+switches)
		require.True(t, shrunk.Complete)
		require.Equal(t, calls, shrunk.Attempts)
		require.Equal(t, "lost", shrunk.Signature)
		require.Less(t, lostUpdate(shrunk.Decisions.StrictReplay()), 2, "it replays")
	}
}

func lostUpdateLog(c sim.Chooser) (int, explore.Decisions) {
	r := recorder{Chooser: c}
	value := lostUpdate(&r)
	return value, explore.Decisions{Preempts: true, List: r.list}
}

// recorder is a chooser with stalls that keeps its decisions.
type recorder struct {
	sim.Chooser
	list []sim.Decision
}

func (*recorder) Preempts() bool { return true }
func (*recorder) Stalls() bool   { return true }
func (r *recorder) Choose(p *sim.Point, n int) int {
	c := r.Chooser.Choose(p, n)
	r.list = append(r.list, sim.Decision{Kind: p.Kind, N: int32(n), C: int32(c)})
	return c
}

// The number of attempts is a bound, and a shrinking that hit it says so.
func TestShrinkStopsAtItsBound(t *testing.T) {
	for seed := uint64(1); ; seed++ {
		value, d := lostUpdateLog(explore.NewRandom(seed, true))
		if all, _, _ := d.Departures(); value == 2 || all < 3 {
			continue
		}
		shrunk, calls := shrinkLost(t, d, 2)
		require.Equal(t, 2, calls)
		require.False(t, shrunk.Complete)
		return
	}
}

// Another finding is reported, not slipped to; a schedule without a finding is an error.
func TestShrinkKeepsTheSignature(t *testing.T) {
	list := []sim.Decision{{Kind: sim.KindTask, N: 3, C: 2}, {Kind: sim.KindTask, N: 3, C: 1}}
	shrinker := explore.Shrinker{Run: func(c *explore.Replay) string {
		a, b := c.Choose(&sim.Point{Kind: sim.KindTask}, 3), c.Choose(&sim.Point{Kind: sim.KindTask}, 3)
		switch {
		case a == 2 && b > 0:
			return "both"
		case a > 0 || b > 0:
			return "one"
		}
		return ""
	}}
	shrunk, err := shrinker.Shrink(explore.Decisions{List: list})
	require.NoError(t, err)
	require.Equal(t, "both", shrunk.Signature)
	require.Equal(t, list, shrunk.Decisions.List)
	require.Len(t, shrunk.Others, 1)
	require.Equal(t, "one", shrunk.Others[0].Signature)
	require.GreaterOrEqual(t, shrunk.Others[0].Times, 2)

	_, err = shrinker.Shrink(explore.Decisions{})
	require.ErrorIs(t, err, explore.ErrNothingToShrink)
}
