package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// CountModel is the distribution of a count over runs, smoothed so that counts that no run
// had are not impossible: a kernel density on the whole numbers from 0 on.
//
// Each run puts a two-sided geometric kernel (the discrete Laplace distribution of Inusah
// and Kozubowski, J. Statist. Plann. Inference 136, 2006, cut off at 0) around its count.
// Its scale is Silverman's width (Density Estimation, 1986, section 3.4.2), 0.9 times the smaller of
// standard deviation and interquartile range / 1.34, times n^(-1/5), and kernelMin at
// least. A share of 1/(n+1) of the mass is spread as widely as the mean, for what n runs
// cannot have seen.
type CountModel struct {
	counts []float64
	scale  float64
	wide   float64
}

// kernelMin keeps nearly all mass of runs that agree on their value.
const kernelMin = 0.2

// NewCountModel makes the model of the counts of some runs. Counts are whole and not
// negative; none at all is [ErrNoRuns].
func NewCountModel(counts []float64) (*CountModel, error) {
	if err := checkValues(counts); err != nil {
		return nil, err
	}
	sorted := slices.Sorted(slices.Values(counts))
	n := float64(len(sorted))
	m := &CountModel{counts: sorted, scale: kernelMin, wide: 1 + stat.Mean(sorted, nil)}
	if len(sorted) > 1 {
		width := stat.StdDev(sorted, nil)
		low, high := interpolate(sorted, (n-1)*0.25), interpolate(sorted, (n-1)*0.75)
		if iqr := (high - low) / 1.34; iqr > 0 {
			width = min(width, iqr)
		}
		m.scale = max(kernelMin, 0.9*width*math.Pow(n, -0.2))
	}
	return m, nil
}

// LogP is the natural logarithm of the probability of a count.
func (m *CountModel) LogP(count float64) float64 {
	n := float64(len(m.counts))
	var near, far float64
	for _, c := range m.counts {
		near += laplace(count, c, m.scale) / n
		far += laplace(count, c, m.wide) / n
	}
	spread := 1 / (n + 1)
	// A count so far away that both underflow is as good as impossible, but comparable.
	return math.Log(max((1-spread)*near+spread*far, math.SmallestNonzeroFloat64))
}

// Range gives the smallest and the largest count of the runs.
func (m *CountModel) Range() (low, high float64) { return m.counts[0], m.counts[len(m.counts)-1] }

// Mean is the mean count of the runs.
func (m *CountModel) Mean() float64 { return stat.Mean(m.counts, nil) }

// laplace is the two-sided geometric distribution around a centre, cut off below 0.
func laplace(x, centre, scale float64) float64 {
	if x < 0 {
		return 0
	}
	q := math.Exp(-1 / scale)
	below := math.Pow(q, centre+1) / (1 + q) // its mass on negative numbers
	return (1 - q) / (1 + q) * math.Pow(q, math.Abs(x-centre)) / (1 - below)
}
