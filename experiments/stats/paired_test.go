package stats_test

import (
	"testing"

	"bufsim/experiments/stats"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Darwin's maize, crossed minus self-fertilised heights in eighths of an inch
// (Fisher 1935, section 21): 1726 of the 32768 sign patterns are as extreme.
func TestCompareGivesFishersExactP(t *testing.T) {
	diffs := []float64{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48}
	zero := make([]float64, len(diffs))
	got, err := stats.Compare(zero, diffs, stats.NewRand(1), stats.Options{})
	require.NoError(t, err)
	require.Equal(t, 1726.0/32768, got.P)
	require.InDelta(t, 314.0/15, got.Diff.Mean, 1e-12)
}

// Above 15 pairs the patterns are drawn: the same data with one zero
// difference more has the same exact p-value.
func TestCompareDrawnPIsCloseToTheExactOne(t *testing.T) {
	diffs := []float64{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48, 0}
	got, err := stats.Compare(make([]float64, len(diffs)), diffs, stats.NewRand(1), stats.Options{})
	require.NoError(t, err)
	require.InDelta(t, 1726.0/32768, got.P, 0.009) // 4 standard errors of 9999 draws
	require.NotEqual(t, 1726.0/32768, got.P)
}

// Two settings that share most of their variation: pairing must see the small
// difference that the spread over seeds hides.
func TestCompareGainsFromCommonSeeds(t *testing.T) {
	rng := stats.NewRand(9)
	uniform := func() float64 { return float64(rng.Uint64()>>11) / (1 << 53) }
	var first, second []float64
	for range 40 {
		shared := uniform()
		first = append(first, shared)
		second = append(second, shared-0.05+0.02*uniform())
	}
	got, err := stats.Compare(first, second, stats.NewRand(1), stats.Options{})
	require.NoError(t, err)
	require.Less(t, got.Diff.High, 0.0)
	require.Less(t, got.P, 0.001)
	require.Less(t, got.VarianceRatio, 0.01)
}

func TestCompareEdges(t *testing.T) {
	same := []float64{0.1, 0.2, 0.3}
	got, err := stats.Compare(same, same, stats.NewRand(1), stats.Options{})
	require.NoError(t, err)
	require.Equal(t, stats.AllEqual, got.Diff.Method)
	require.Equal(t, 1.0, got.P)
	require.Zero(t, got.VarianceRatio)

	one, err := stats.Compare([]float64{1}, []float64{2}, stats.NewRand(1), stats.Options{})
	require.NoError(t, err)
	require.Equal(t, stats.OneRun, one.Diff.Method)
	require.Equal(t, 1.0, one.P)
	require.Equal(t, 1.0, one.VarianceRatio)

	_, err = stats.Compare(same, same[:2], stats.NewRand(1), stats.Options{})
	require.ErrorContains(t, err, "3 values against 2")
	_, err = stats.Compare(nil, nil, stats.NewRand(1), stats.Options{})
	require.ErrorIs(t, err, stats.ErrNoRuns)
	_, err = stats.Compare(same, same, stats.NewRand(1), stats.Options{Level: 7})
	require.ErrorContains(t, err, "level: 7")
}

func TestCompareIsAntisymmetricAndOrderFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := drawRuns(t, 1)
		second := rapid.Permutation(first).Draw(t, "second")
		o := stats.Options{Method: stats.StudentT, Resamples: 99}

		there, err := stats.Compare(first, second, stats.NewRand(1), o)
		require.NoError(t, err)
		back, err := stats.Compare(second, first, stats.NewRand(1), o)
		require.NoError(t, err)
		require.InDelta(t, there.Diff.Mean, -back.Diff.Mean, 1e-12)
		require.Equal(t, there.VarianceRatio, back.VarianceRatio)
		require.Greater(t, there.P, 0.0)
		require.LessOrEqual(t, there.P, 1.0)

		order := rapid.Permutation(indices(len(first))).Draw(t, "order")
		shuffled, err := stats.Compare(pick(first, order), pick(second, order), stats.NewRand(1), o)
		require.NoError(t, err)
		require.Equal(t, there.Diff, shuffled.Diff)
		require.Equal(t, there.P, shuffled.P)
		require.InDelta(t, there.VarianceRatio, shuffled.VarianceRatio, 1e-9)
	})
}

func indices(n int) []int {
	var index []int
	for i := range n {
		index = append(index, i)
	}
	return index
}

func pick(xs []float64, order []int) []float64 {
	var picked []float64
	for _, i := range order {
		picked = append(picked, xs[i])
	}
	return picked
}

func TestHolm(t *testing.T) {
	for _, tc := range []struct {
		name    string
		ps, out []float64
	}{
		// The worked example of the Wikipedia article: reject the first and last.
		{"four", []float64{0.01, 0.04, 0.03, 0.005}, []float64{0.03, 0.06, 0.06, 0.02}},
		// R: p.adjust(1:5/100, "holm").
		{"five", []float64{0.01, 0.02, 0.03, 0.04, 0.05}, []float64{0.05, 0.08, 0.09, 0.09, 0.09}},
		{"at most one", []float64{0.9, 0.6}, []float64{1, 1}},
		{"one", []float64{0.04}, []float64{0.04}},
		{"none", nil, []float64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := stats.Holm(tc.ps)
			require.NoError(t, err)
			require.InDeltaSlice(t, tc.out, got, 1e-12)
		})
	}
	_, err := stats.Holm([]float64{0.5, 1.5})
	require.ErrorContains(t, err, "p-value 1: 1.5")
}

// Never below the raw value, never above Bonferroni, and in the same order.
func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 12).Draw(t, "ps")
		got, err := stats.Holm(ps)
		require.NoError(t, err)
		for i, p := range ps {
			require.GreaterOrEqual(t, got[i], p)
			require.LessOrEqual(t, got[i], min(1, p*float64(len(ps))))
			for j := range ps {
				if ps[j] <= p {
					require.LessOrEqual(t, got[j], got[i])
				}
			}
		}
	})
}
