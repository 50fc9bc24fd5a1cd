package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

func TestLogNormalHasItsMedianAndPercentile(t *testing.T) {
	d := sim.LogNormal(2*time.Millisecond, 20*time.Millisecond, 0, 0)
	r := sim.NewRand(1, "t")
	xs := make([]time.Duration, 200_000)
	for i := range xs {
		xs[i] = d.Draw(r)
	}
	slices.Sort(xs)
	require.InEpsilon(t, 2*time.Millisecond, xs[len(xs)/2], 0.02)
	require.InEpsilon(t, 20*time.Millisecond, xs[len(xs)*99/100], 0.05)
}

func TestLogNormalIsClamped(t *testing.T) {
	d := sim.LogNormal(2*time.Millisecond, time.Second, time.Millisecond, 3*time.Millisecond)
	r := sim.NewRand(2, "t")
	for range 10_000 {
		x := d.Draw(r)
		require.GreaterOrEqual(t, x, time.Millisecond)
		require.LessOrEqual(t, x, 3*time.Millisecond)
	}
}

// One draw in a hundred lies in the tail, evenly on a logarithmic scale: half of them beyond the
// geometric mean of its ends.
func TestHeavyTail(t *testing.T) {
	ms := time.Millisecond
	d := sim.HeavyTail(9*ms, 30*ms, 480*ms)
	r := sim.NewRand(1, "t")
	xs := make([]time.Duration, 200_000)
	for i := range xs {
		xs[i] = d.Draw(r)
	}
	slices.Sort(xs)
	require.Equal(t, 9*ms, d.Median())
	require.InEpsilon(t, 9*ms, xs[len(xs)/2], 0.02)
	require.InEpsilon(t, 30*ms, xs[len(xs)*99/100], 0.05)
	require.InEpsilon(t, 120*ms, xs[len(xs)*995/1000], 0.1)
	require.Greater(t, xs[len(xs)-1], 470*ms)
	require.LessOrEqual(t, xs[len(xs)-1], 480*ms)
}

func TestUniformReachesBothEnds(t *testing.T) {
	d, r := sim.Uniform(3, 5), sim.NewRand(3, "t")
	seen := map[time.Duration]int{}
	for range 1000 {
		seen[d.Draw(r)]++
	}
	require.Len(t, seen, 3)
}

func TestExponentialHasItsMean(t *testing.T) {
	d, r := sim.Exponential(10*time.Millisecond), sim.NewRand(4, "t")
	var sum time.Duration
	const n = 200_000
	below := 0
	for range n {
		x := d.Draw(r)
		sum += x
		if x < d.Median() {
			below++
		}
	}
	require.InEpsilon(t, 10*time.Millisecond, sum/n, 0.01)
	require.InEpsilon(t, n/2, below, 0.02)
}
