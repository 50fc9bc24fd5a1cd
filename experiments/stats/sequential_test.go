package stats_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/stats"
)

// Runs that agree count as precise only when there are enough of them.
func TestFixedWidth(t *testing.T) {
	rule := stats.FixedWidth{HalfWidth: 0.01}
	for want, list := range map[bool][]stats.Estimate{
		false: {
			{},
			{N: 59, Method: stats.AllEqual},
			{N: 500, Mean: 0.05, Low: 0.045, High: 0.0601, Method: stats.BCa},
			{N: 500, Mean: 0.05, Low: 0.0399, High: 0.055, Method: stats.BCa},
			{N: 1, Mean: 0.05, Low: 0, High: 1, Method: stats.OneRun},
		},
		true: {
			{N: 60, Method: stats.AllEqual},
			{N: 20, Mean: 0.05, Low: 0.0401, High: 0.0599, Method: stats.BCa},
		},
	} {
		for _, e := range list {
			require.Equal(t, want, rule.Reached(e), "%+v", e)
		}
	}
	bound, err := stats.ClopperPearson(0, stats.EqualRunsMin, 0.90) // one-sided 95 %
	require.NoError(t, err)
	require.Less(t, bound.High, 0.05)
}

// Stopping by width has a price, which is small and known: on skewed shares such as sweeps
// have (most runs lose nothing, the others up to a tenth), the interval at the end holds the
// true mean about one per cent less often than one of as many runs chosen beforehand.
func TestFixedWidthCoverage(t *testing.T) {
	const sets, most = 300, 400
	truth := 0.3 * 0.05
	rng := stats.NewRand(11)
	draw := func() float64 {
		u := float64(rng.Uint64()>>11) / (1 << 53)
		if u < 0.7 {
			return 0
		}
		return (u - 0.7) / 0.3 / 10
	}
	estimate := func(runs []float64) stats.Estimate {
		e, err := stats.Mean(runs, rng, stats.Options{Resamples: 399})
		require.NoError(t, err)
		return e
	}
	holds := func(e stats.Estimate) (n int) {
		if e.Low <= truth && truth <= e.High {
			n = 1
		}
		return n
	}
	rule := stats.FixedWidth{HalfWidth: 0.006}
	stopped, fixed, total := 0, 0, 0
	for range sets {
		var runs []float64
		e := stats.Estimate{}
		for len(runs) < most && !rule.Reached(e) {
			for range stats.SeedsPerRound {
				runs = append(runs, draw())
			}
			e = estimate(runs)
		}
		stopped, total = stopped+holds(e), total+len(runs)
		for i := range runs {
			runs[i] = draw()
		}
		fixed += holds(estimate(runs))
	}
	t.Logf("coverage %.3f, with as many runs chosen beforehand %.3f, %d runs on average", float64(stopped)/sets, float64(fixed)/sets, total/sets)
	require.InDelta(t, 0.936, float64(stopped)/sets, 0.03) // 0.936 of 1500 sets
	require.InDelta(t, 0.947, float64(fixed)/sets, 0.03)   // 0.947 of 1500 sets
}
