package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Quantile returns the p-quantile of the values (p50 is p = 0.5): linear
// interpolation between order statistics, type 7 of Hyndman and Fan (Sample
// quantiles in statistical packages, The American Statistician 50, 1996), the
// default of R and NumPy. p lies in [0, 1]. The values are not changed; none at
// all is [ErrNoRuns].
func Quantile(values []float64, p float64) (float64, error) {
	if err := checkValues(values); err != nil {
		return 0, err
	}
	if !(p >= 0 && p <= 1) {
		return 0, fmt.Errorf("quantile: %v is not between 0 and 1", p)
	}
	sorted := slices.Sorted(slices.Values(values))
	return interpolate(sorted, float64(len(sorted)-1)*p), nil
}

// QuantileEstimate is a quantile over runs with a distribution-free interval.
type QuantileEstimate struct {
	// Estimate holds the type 7 quantile as Mean, and the interval.
	Estimate
	// P is the quantile asked for, 0.5 for the median.
	P float64
	// LowRank and HighRank are the 1-based ranks of the runs that bound the
	// interval; 0 and N+1 stand for an end without bound.
	LowRank, HighRank int
	// Coverage is the exact coverage for continuous data, at least Level (ties
	// only raise it). It is above Level since ranks are whole numbers.
	Coverage float64
}

// QuantileInterval bounds the p-quantile over runs by two order statistics, each
// tail at most (1-level)/2 by the binomial distribution (David and Nagaraja:
// Order Statistics, 3rd edition 2003, section 7.1; Hahn and Meeker: Statistical
// Intervals, 1991, section 5.2). It assumes nothing about the distribution but
// independent runs.
//
// With too few runs an end is infinite, not the extreme value: the p99 of 100
// runs has no upper bound at 95 %. The interval holds the run at rank p·N; the
// interpolated value in Mean can lie just outside when runs are very few. A
// level of zero means 0.95.
func QuantileInterval(runs []float64, p, level float64) (QuantileEstimate, error) {
	if level == 0 {
		level = 0.95
	}
	if err := checkLevel(level); err != nil {
		return QuantileEstimate{}, err
	}
	if !(p > 0 && p < 1) {
		return QuantileEstimate{}, fmt.Errorf("quantile: %v is not between 0 and 1", p)
	}
	value, err := Quantile(runs, p)
	if err != nil {
		return QuantileEstimate{}, err
	}
	n := len(runs)
	est := QuantileEstimate{
		Estimate: Estimate{N: n, Mean: value, Low: math.Inf(-1), High: math.Inf(1), Level: level, Method: OrderStatistic},
		P:        p,
	}
	est.LowRank, est.HighRank, est.Coverage = quantileRanks(n, p, level)
	sorted := slices.Sorted(slices.Values(runs))
	if est.LowRank > 0 {
		est.Low = sorted[est.LowRank-1]
	}
	if est.HighRank <= n {
		est.High = sorted[est.HighRank-1]
	}
	return est, nil
}

// quantileRanks finds the tightest ranks whose tails are each at most
// (1-level)/2. The number of runs below the quantile is Binomial(n, p), so
// rank l is above it with P(B < l), and rank u is below it with P(B >= u).
func quantileRanks(n int, p, level float64) (low, high int, coverage float64) {
	tail := (1 - level) / 2
	below := distuv.Binomial{N: float64(n), P: p}
	for low < n && below.CDF(float64(low)) <= tail {
		low++
	}
	high = n + 1
	for high > 1 && 1-below.CDF(float64(high-2)) <= tail {
		high--
	}
	return low, high, below.CDF(float64(high-1)) - below.CDF(float64(low-1))
}
