package stats_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/stats"
)

// The model is a distribution: its probabilities add up to 1, whatever the counts.
func TestCountModelIsADistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Float64Range(0, 40), 1, 12).Draw(t, "counts")
		for i := range counts {
			counts[i] = math.Floor(counts[i])
		}
		m, err := stats.NewCountModel(counts)
		require.NoError(t, err)
		sum := 0.0
		for x := range 3000 {
			sum += math.Exp(m.LogP(float64(x)))
		}
		require.InDelta(t, 1, sum, 1e-9)
	})
}

// By hand: one run with the count 0, kernel of scale 0.2 (q = e^-5) and wide one of scale 1
// (q = 1/e), half of the mass each; a kernel around 0 cut off at 0 is geometric.
func TestCountModelByHand(t *testing.T) {
	m, err := stats.NewCountModel([]float64{0})
	require.NoError(t, err)
	q, w := math.Exp(-5), math.Exp(-1)
	for x := range 4 {
		want := (1-q)*math.Pow(q, float64(x))/2 + (1-w)*math.Pow(w, float64(x))/2
		require.InEpsilon(t, want, math.Exp(m.LogP(float64(x))), 1e-12)
	}
}

// Counts that runs had are likelier than counts that they had not, near ones likelier than
// far ones, and no count is impossible.
func TestCountModelOrders(t *testing.T) {
	m, err := stats.NewCountModel([]float64{6, 6, 6, 7, 8, 6, 7, 6})
	require.NoError(t, err)
	require.Greater(t, m.LogP(6), m.LogP(8))
	require.Greater(t, m.LogP(8), m.LogP(12))
	require.Greater(t, m.LogP(12), m.LogP(60))
	require.False(t, math.IsInf(m.LogP(1e9), 0))
	low, high := m.Range()
	require.Equal(t, [2]float64{6, 8}, [2]float64{low, high})
	require.InDelta(t, 6.5, m.Mean(), 1e-12)
	_, err = stats.NewCountModel(nil)
	require.ErrorIs(t, err, stats.ErrNoRuns)
}
