package stats

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

// The spatial test data of 26 children, task A (Efron and Tibshirani 1993, table
// 14.1), their main example of the BCa method.
func spatialTestA() []float64 {
	return []float64{
		48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
		0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
	}
}

// plugInVariance divides by n, as in the example.
func plugInVariance(xs []float64) func([]int) float64 {
	return func(index []int) float64 {
		mean := meanOf(xs)(index)
		sum := 0.0
		for _, i := range index {
			sum += (xs[i] - mean) * (xs[i] - mean)
		}
		return sum / float64(len(index))
	}
}

// Efron and Tibshirani, section 14.2 and 14.3: the variance is 171.5, a = 0.061,
// z0 = 0.146; the 90 % intervals are (100.8, 233.9) for the percentile and
// (115.8, 259.6) for the BCa method with 2000 resamples, hence the tolerances.
func TestBootstrapReproducesTheSpatialTestExample(t *testing.T) {
	variance := plugInVariance(spatialTestA())
	require.InDelta(t, 171.5, variance(identity(26)), 0.05)
	require.InDelta(t, 0.061, acceleration(26, variance), 0.0005)

	low, high, used := bootstrap(26, variance, NewRand(1), Options{Level: 0.90, Resamples: 19999, Method: Percentile})
	require.Equal(t, Percentile, used)
	require.InDelta(t, 100.8, low, 3)
	require.InDelta(t, 233.9, high, 4)

	low, high, used = bootstrap(26, variance, NewRand(1), Options{Level: 0.90, Resamples: 19999, Method: BCa})
	require.Equal(t, BCa, used)
	require.InDelta(t, 115.8, low, 3)
	require.InDelta(t, 259.6, high, 6)
}

// The law school data (Efron and Tibshirani 1993, table 3.1): LSAT and GPA of 15
// schools. The correlation is 0.776 and its bootstrap distribution is skewed to
// the left, so BCa must move both ends of the percentile interval down.
func TestBCaMovesTheLawSchoolIntervalDown(t *testing.T) {
	lsat := []float64{576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594}
	gpa := []float64{3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96}
	correlation := func(index []int) float64 {
		x, y := make([]float64, len(index)), make([]float64, len(index))
		for i, j := range index {
			x[i], y[i] = lsat[j], gpa[j]
		}
		return stat.Correlation(x, y, nil)
	}
	require.InDelta(t, 0.776, correlation(identity(15)), 0.0005)
	require.Negative(t, acceleration(15, correlation))

	o := Options{Level: 0.95, Resamples: 9999, Method: Percentile}
	plainLow, plainHigh, _ := bootstrap(15, correlation, NewRand(2), o)
	o.Method = BCa
	low, high, used := bootstrap(15, correlation, NewRand(2), o)
	require.Equal(t, BCa, used)
	require.Less(t, low, plainLow)
	require.Less(t, high, plainHigh)
}

// Found by a property: the third power of tiny values is zero, and 0/0 no number.
func TestAccelerationDoesNotDependOnTheUnit(t *testing.T) {
	want := acceleration(3, meanOf([]float64{0, 0, 1}))
	require.Positive(t, want)
	for _, unit := range []float64{1e-120, 1e120} {
		require.InDelta(t, want, acceleration(3, meanOf([]float64{0, 0, unit})), 1e-9)
	}
	require.Zero(t, acceleration(3, meanOf([]float64{2, 2, 2})))
}

func TestBCaLevelIsThePercentileLevelWithoutCorrection(t *testing.T) {
	level, ok := bcaLevel(0.025, 0, 0)
	require.True(t, ok)
	require.InDelta(t, 0.025, level, 1e-12)

	_, ok = bcaLevel(0.975, math.Inf(1), 0)
	require.False(t, ok, "all replicates on one side")
	_, ok = bcaLevel(0.975, 0, 0.6)
	require.False(t, ok, "acceleration beyond the range of the formula")
}

// A statistic whose replicates all lie on one side of the estimate has no bias
// correction; the interval must say that it is the percentile one.
func TestBCaFallsBackAndSaysSo(t *testing.T) {
	calls := 0
	oneSided := func([]int) float64 {
		calls++
		return float64(calls) // the estimate is asked for last and is the largest
	}
	_, _, used := bootstrap(5, oneSided, NewRand(1), Options{Level: 0.95, Resamples: 99, Method: BCa})
	require.Equal(t, Percentile, used)
}

// First outputs of the reference implementation of splitmix64 for seed
// 1234567 (Vigna, prng.di.unimi.it; also the test of Rosetta Code).
func TestRandIsSplitmix64(t *testing.T) {
	rng := NewRand(1234567)
	for _, want := range []uint64{
		6457827717110365317, 3203168211198807973, 9817491932198370423,
		4593380528125082431, 16408922859458223821,
	} {
		require.Equal(t, want, rng.Uint64())
	}
}

func TestRandIsUniform(t *testing.T) {
	const draws = 60_000
	var counts [6]int
	rng := NewRand(3)
	for range draws {
		counts[rng.intn(6)]++
	}
	for face, count := range counts {
		require.InDelta(t, draws/6, count, 400, "face %d", face) // > 4 standard deviations
	}
}
