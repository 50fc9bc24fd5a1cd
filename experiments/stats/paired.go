package stats

import (
	"fmt"

	"gonum.org/v1/gonum/stat"
)

// exactPairsMax is the largest number of pairs for which all sign patterns are
// tried (2^15 = 32768); above it they are drawn.
const exactPairsMax = 15

// Comparison is the outcome of two settings on the same seeds.
type Comparison struct {
	// Diff is the mean of (second - first) over the seeds, with its interval.
	Diff Estimate
	// P is the two-sided p-value of "no difference". With several comparisons in
	// one study, correct the p-values with [Holm].
	P float64
	// VarianceRatio is Var(second - first) / (Var(first) + Var(second)): 1 when
	// common seeds gain nothing, 0.1 when a tenth of the runs suffices for the
	// same precision. It is 1 when neither setting varies.
	VarianceRatio float64
}

// Compare compares two settings, run by run: first[i] and second[i] are the
// values of the same seed. Pairs may come in any order. The interval is that of
// [Mean] over the differences, with the same rules for one run and for equal
// differences.
//
// P comes from the sign-flip permutation test of the mean (Fisher: The Design of
// Experiments, 1935, section 21): exact up to 15 pairs, then by as many random
// sign patterns as o.Resamples, counting the observed one (Phipson and Smyth:
// Permutation p-values should never be zero, 2010).
func Compare(first, second []float64, rng *Rand, o Options) (Comparison, error) {
	if len(first) != len(second) {
		return Comparison{}, fmt.Errorf("paired runs: %d values against %d", len(first), len(second))
	}
	if err := checkValues(first); err != nil {
		return Comparison{}, fmt.Errorf("first: %w", err)
	}
	if err := checkValues(second); err != nil {
		return Comparison{}, fmt.Errorf("second: %w", err)
	}
	diffs := make([]float64, len(first))
	for i := range diffs {
		diffs[i] = second[i] - first[i]
	}
	o, err := o.withDefaults()
	if err != nil {
		return Comparison{}, err
	}
	diff, err := Mean(diffs, rng, o)
	if err != nil {
		return Comparison{}, err
	}
	return Comparison{
		Diff:          diff,
		P:             signFlip(diffs, rng, o.Resamples),
		VarianceRatio: varianceRatio(first, second, diffs),
	}, nil
}

func varianceRatio(first, second, diffs []float64) float64 {
	if len(diffs) < 2 {
		return 1
	}
	apart := stat.Variance(first, nil) + stat.Variance(second, nil)
	if apart == 0 {
		return 1
	}
	return stat.Variance(diffs, nil) / apart
}
