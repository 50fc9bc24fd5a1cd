package stats_test

import (
	"testing"

	"bufsim/experiments/stats"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Newcombe 1998, table I: the four examples, methods 3 (Wilson) and 5
// (Clopper-Pearson), 95 %.
func TestProportionsOfNewcombe(t *testing.T) {
	for _, tc := range []struct {
		yes, n                             int
		wilsonLow, wilsonHigh, cpLow, cpUp float64
	}{
		{81, 263, 0.2553, 0.3662, 0.2527, 0.3676},
		{15, 148, 0.0624, 0.1605, 0.0578, 0.1617},
		{0, 20, 0, 0.1611, 0, 0.1684},
		{1, 29, 0.0061, 0.1718, 0.0009, 0.1776},
	} {
		wilson, err := stats.Wilson(tc.yes, tc.n, 0.95)
		require.NoError(t, err)
		require.Equal(t, tc.n, wilson.N)
		require.Equal(t, float64(tc.yes)/float64(tc.n), wilson.Mean)
		require.InDelta(t, tc.wilsonLow, wilson.Low, 0.00005, "%d/%d", tc.yes, tc.n)
		require.InDelta(t, tc.wilsonHigh, wilson.High, 0.00005, "%d/%d", tc.yes, tc.n)

		exact, err := stats.ClopperPearson(tc.yes, tc.n, 0.95)
		require.NoError(t, err)
		require.InDelta(t, tc.cpLow, exact.Low, 0.00005, "%d/%d", tc.yes, tc.n)
		require.InDelta(t, tc.cpUp, exact.High, 0.00005, "%d/%d", tc.yes, tc.n)
	}
}

// The rule of three: without any hit in n runs, the one-sided 95 % bound (two
// sided 90 %) is about 3/n.
func TestClopperPearsonRuleOfThree(t *testing.T) {
	est, err := stats.ClopperPearson(0, 300, 0.90)
	require.NoError(t, err)
	require.InDelta(t, 0.01, est.High, 0.0001)
}

func TestProportionRejectsImpossibleCounts(t *testing.T) {
	for _, interval := range []func(int, int, float64) (stats.Estimate, error){stats.Wilson, stats.ClopperPearson} {
		_, err := interval(0, 0, 0.95)
		require.ErrorIs(t, err, stats.ErrNoRuns)
		_, err = interval(3, 2, 0.95)
		require.ErrorContains(t, err, "3 of 2 runs is impossible")
		_, err = interval(-1, 2, 0.95)
		require.Error(t, err)
		_, err = interval(1, 2, 1)
		require.ErrorContains(t, err, "level: 1")
		est, err := interval(1, 2, 0)
		require.NoError(t, err)
		require.Equal(t, 0.95, est.Level, "zero is the default")
	}
}

func TestProportionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		yes := rapid.IntRange(0, n).Draw(t, "yes")
		for _, interval := range []func(int, int, float64) (stats.Estimate, error){stats.Wilson, stats.ClopperPearson} {
			narrow, err := interval(yes, n, 0.8)
			require.NoError(t, err)
			wide, err := interval(yes, n, 0.99)
			require.NoError(t, err)
			mirror, err := interval(n-yes, n, 0.99)
			require.NoError(t, err)

			const rounding = 1e-9
			require.LessOrEqual(t, narrow.Low, narrow.Mean+rounding)
			require.GreaterOrEqual(t, narrow.High, narrow.Mean-rounding)
			require.LessOrEqual(t, wide.Low, narrow.Low+rounding)
			require.GreaterOrEqual(t, wide.High, narrow.High-rounding)
			require.GreaterOrEqual(t, wide.Low, 0.0)
			require.LessOrEqual(t, wide.High, 1.0)
			require.InDelta(t, 1-wide.High, mirror.Low, rounding, "yes and no are symmetric")
		}
	})
}
