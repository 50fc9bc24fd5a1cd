package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean estimates the mean over runs; runs holds one value per run, in any unit,
// and is not changed. The order of the runs does not matter.
//
// Without any run the error is [ErrNoRuns]; values must be finite. Two kinds of
// data support no interval, whatever method is asked for:
//
//   - One run: Low and High are infinite, Method is [OneRun].
//   - All runs equal: Low and High equal the value, Method is [AllEqual]. It
//     means "no variation was seen", not "the mean is known": a rare other
//     value may exist. With n runs, the share of runs that would differ is at
//     most the upper end of ClopperPearson(0, n, level), about 3/n.
//
// BCa falls back to the percentile interval, and says so in Method, when its
// correction is undefined (all resampled means on one side of the estimate, or
// an extreme acceleration).
func Mean(runs []float64, rng *Rand, o Options) (Estimate, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Estimate{}, err
	}
	if err := checkValues(runs); err != nil {
		return Estimate{}, err
	}
	xs := slices.Sorted(slices.Values(runs))
	est := Estimate{N: len(xs), Mean: stat.Mean(xs, nil), Level: o.Level, Method: o.Method}
	switch {
	case xs[0] == xs[len(xs)-1] && len(xs) > 1:
		est.Mean, est.Low, est.High, est.Method = xs[0], xs[0], xs[0], AllEqual
	case len(xs) == 1:
		est.Low, est.High, est.Method = math.Inf(-1), math.Inf(1), OneRun
	case o.Method == StudentT:
		est.Low, est.High = studentT(len(xs), est.Mean, stat.StdDev(xs, nil), o.Level)
	default:
		est.Low, est.High, est.Method = bootstrap(len(xs), meanOf(xs), rng, o)
	}
	return est, nil
}

// meanOf is the mean as a statistic over resampled indices.
func meanOf(xs []float64) func(index []int) float64 {
	return func(index []int) float64 {
		sum := 0.0
		for _, i := range index {
			sum += xs[i]
		}
		return sum / float64(len(index))
	}
}

// studentT is the interval mean ± t sd/√n with n-1 degrees of freedom
// (Student: The probable error of a mean, Biometrika 6, 1908).
func studentT(n int, mean, sd, level float64) (low, high float64) {
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.5 + level/2)
	half := t * sd / math.Sqrt(float64(n))
	return mean - half, mean + half
}
