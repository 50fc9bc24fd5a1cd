package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// bootstrap computes the percentile or BCa interval of a statistic over n runs.
// The statistic gets the indices of the runs in a resample; on 0..n-1 it must
// give the estimate itself.
//
// Percentile: Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// section 13.3. BCa: Efron, Better bootstrap confidence intervals, JASA 82, 1987;
// formulas as in Efron and Tibshirani, section 14.3.
func bootstrap(n int, statistic func(index []int) float64, rng *Rand, o Options) (low, high float64, used Method) {
	replicates := make([]float64, o.Resamples)
	index := make([]int, n)
	for b := range replicates {
		for i := range index {
			index[i] = rng.intn(n)
		}
		replicates[b] = statistic(index)
	}
	slices.Sort(replicates)

	alphaLow, alphaHigh := (1-o.Level)/2, (1+o.Level)/2
	used = Percentile
	if o.Method == BCa {
		z0 := biasCorrection(replicates, statistic(identity(n)))
		a := acceleration(n, statistic)
		bcaLow, okLow := bcaLevel(alphaLow, z0, a)
		bcaHigh, okHigh := bcaLevel(alphaHigh, z0, a)
		if okLow && okHigh {
			alphaLow, alphaHigh, used = bcaLow, bcaHigh, BCa
		}
	}
	return replicateAt(replicates, alphaLow), replicateAt(replicates, alphaHigh), used
}

// biasCorrection is z0 of the BCa method: how far the median of the replicates
// is from the estimate, in normal units. Replicates equal to the estimate, up to
// the rounding of their sums, count half: discrete data is not seen as biased.
func biasCorrection(sorted []float64, estimate float64) float64 {
	rounding := 1e-12 * max(math.Abs(sorted[0]), math.Abs(sorted[len(sorted)-1]))
	below, _ := slices.BinarySearch(sorted, estimate-rounding)
	notAbove, _ := slices.BinarySearch(sorted, math.Nextafter(estimate+rounding, math.Inf(1)))
	share := float64(below+notAbove) / 2 / float64(len(sorted))
	return distuv.UnitNormal.Quantile(share)
}

// acceleration is a of the BCa method, from the jackknife: a sixth of the
// skewness of the leave-one-out values.
func acceleration(n int, statistic func(index []int) float64) float64 {
	left := make([]float64, n)
	sum := 0.0
	for out := range n {
		left[out] = statistic(slices.Delete(identity(n), out, out+1))
		sum += left[out]
	}
	mean := sum / float64(n)
	largest := 0.0
	for _, x := range left {
		largest = max(largest, math.Abs(mean-x))
	}
	if largest == 0 {
		return 0
	}
	// The ratio has no unit; scaling first keeps the powers in range.
	var squares, cubes float64
	for _, x := range left {
		d := (mean - x) / largest
		squares += d * d
		cubes += d * d * d
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}

// bcaLevel maps a nominal tail level to the level at which the replicates are
// read. It is not ok where the formula has no meaning.
func bcaLevel(alpha, z0, a float64) (level float64, ok bool) {
	z := z0 + distuv.UnitNormal.Quantile(alpha)
	shrink := 1 - a*z
	if math.IsInf(z0, 0) || shrink <= 0 {
		return 0, false
	}
	return distuv.UnitNormal.CDF(z0 + z/shrink), true
}

// replicateAt reads the level-quantile of B sorted replicates at position
// (B+1)·level, with linear interpolation, and stays inside the replicates.
func replicateAt(sorted []float64, level float64) float64 {
	position := float64(len(sorted)+1)*level - 1
	if position <= 0 {
		return sorted[0]
	}
	if position >= float64(len(sorted)-1) {
		return sorted[len(sorted)-1]
	}
	return interpolate(sorted, position)
}

// interpolate reads a sorted slice at a fractional index within it.
func interpolate(sorted []float64, position float64) float64 {
	i := int(position)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	fraction := position - float64(i)
	return sorted[i] + fraction*(sorted[i+1]-sorted[i])
}

func identity(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}
