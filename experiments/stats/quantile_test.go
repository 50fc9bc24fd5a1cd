package stats_test

import (
	"math"
	"math/big"
	"testing"

	"bufsim/experiments/stats"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// oneTo returns 1, 2, ... n: the value is the rank.
func oneTo(n int) []float64 {
	runs := make([]float64, n)
	for i := range runs {
		runs[i] = float64(i + 1)
	}
	return runs
}

// R: quantile(1:10, c(0, .1, .25, .5, .9, .99, 1)).
func TestQuantileIsTypeSeven(t *testing.T) {
	for p, want := range map[float64]float64{0: 1, 0.1: 1.9, 0.25: 3.25, 0.5: 5.5, 0.9: 9.1, 0.99: 9.91, 1: 10} {
		got, err := stats.Quantile(oneTo(10), p)
		require.NoError(t, err)
		require.InDelta(t, want, got, 1e-12, "p = %v", p)
	}
	_, err := stats.Quantile(nil, 0.5)
	require.ErrorIs(t, err, stats.ErrNoRuns)
	_, err = stats.Quantile(oneTo(3), 1.5)
	require.ErrorContains(t, err, "quantile: 1.5 is not between 0 and 1")
}

// Ranks of the 95 % interval of the median as tabled in the literature (David
// and Nagaraja 2003, section 7.1; Conover, Practical Nonparametric Statistics,
// table A3) with the exact coverage.
func TestMedianIntervalRanks(t *testing.T) {
	for _, tc := range []struct {
		n, low, high int
		coverage     float64
	}{
		{6, 1, 6, 0.9688},
		{10, 2, 9, 0.9785},
		{15, 4, 12, 0.9648},
		{20, 6, 15, 0.9586},
		{25, 8, 18, 0.9567},
	} {
		est, err := stats.QuantileInterval(oneTo(tc.n), 0.5, 0.95)
		require.NoError(t, err)
		require.Equal(t, tc.low, est.LowRank, "n = %d", tc.n)
		require.Equal(t, tc.high, est.HighRank, "n = %d", tc.n)
		require.Equal(t, float64(tc.low), est.Low)
		require.Equal(t, float64(tc.high), est.High)
		require.InDelta(t, tc.coverage, est.Coverage, 0.00005, "n = %d", tc.n)
	}
}

func TestQuantileIntervalWithoutBound(t *testing.T) {
	five, err := stats.QuantileInterval(oneTo(5), 0.5, 0.95)
	require.NoError(t, err)
	require.False(t, five.Bounded(), "five runs cannot bound the median at 95 %%")
	require.Equal(t, 0, five.LowRank)
	require.Equal(t, 6, five.HighRank)

	p99, err := stats.QuantileInterval(oneTo(100), 0.99, 0.95)
	require.NoError(t, err)
	require.True(t, math.IsInf(p99.High, 1))
	require.Equal(t, 97.0, p99.Low)

	// The smallest number of runs whose maximum bounds the p99: 0.99^n <= 0.025.
	enough, err := stats.QuantileInterval(oneTo(368), 0.99, 0.95)
	require.NoError(t, err)
	require.Equal(t, 368.0, enough.High)
	short, err := stats.QuantileInterval(oneTo(367), 0.99, 0.95)
	require.NoError(t, err)
	require.True(t, math.IsInf(short.High, 1))
}

func TestQuantileIntervalRejectsBadInput(t *testing.T) {
	_, err := stats.QuantileInterval(nil, 0.5, 0.95)
	require.ErrorIs(t, err, stats.ErrNoRuns)
	_, err = stats.QuantileInterval(oneTo(3), 1, 0.95)
	require.ErrorContains(t, err, "quantile: 1")
	_, err = stats.QuantileInterval(oneTo(3), 0.5, 2)
	require.ErrorContains(t, err, "level: 2")
}

// binomialBetween is P(from <= B <= to) by exact summation, an oracle that
// shares nothing with the code under test.
func binomialBetween(n, from, to int, p float64) float64 {
	sum := 0.0
	for k := max(from, 0); k <= min(to, n); k++ {
		ways, _ := new(big.Float).SetInt(new(big.Int).Binomial(int64(n), int64(k))).Float64()
		sum += ways * math.Pow(p, float64(k)) * math.Pow(1-p, float64(n-k))
	}
	return sum
}

func TestQuantileIntervalProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "n")
		p := rapid.Float64Range(0.01, 0.99).Draw(t, "p")
		level := rapid.Float64Range(0.5, 0.99).Draw(t, "level")
		runs := rapid.Permutation(oneTo(n)).Draw(t, "runs")

		est, err := stats.QuantileInterval(runs, p, level)
		require.NoError(t, err)
		const rounding = 1e-9
		require.GreaterOrEqual(t, est.Coverage, level-rounding)
		require.InDelta(t, binomialBetween(n, est.LowRank, est.HighRank-1, p), est.Coverage, rounding)
		middle := max(1, math.Ceil(float64(n)*p)) // rank of the p-quantile without interpolation
		require.LessOrEqual(t, est.Low, middle)
		require.GreaterOrEqual(t, est.High, middle)

		// The tightest ranks: one step inwards, and a tail is too heavy.
		tail := (1 - level) / 2
		require.Greater(t, binomialBetween(n, 0, est.LowRank, p), tail-rounding)
		require.Greater(t, binomialBetween(n, est.HighRank-2, n, p), tail-rounding)

		wider, err := stats.QuantileInterval(runs, p, level+(1-level)/2)
		require.NoError(t, err)
		require.LessOrEqual(t, wider.LowRank, est.LowRank)
		require.GreaterOrEqual(t, wider.HighRank, est.HighRank)
	})
}
