package stats

import (
	"cmp"
	"math"
	"slices"
)

// signFlip returns the two-sided p-value of the hypothesis that the differences
// are symmetric around zero: the share of sign patterns whose sum is at least
// as far from zero as the observed one.
func signFlip(diffs []float64, rng *Rand, draws int) float64 {
	sizes := make([]float64, 0, len(diffs))
	observed, total := 0.0, 0.0
	// Sorted, so that the order of the runs does not change the draws' meaning.
	for _, d := range slices.SortedFunc(slices.Values(diffs), bySize) {
		observed += d
		sizes = append(sizes, math.Abs(d))
		total += math.Abs(d)
	}
	// Sums that are equal on paper must count as equal: allow for rounding.
	limit := math.Abs(observed) - 1e-12*total
	if len(sizes) <= exactPairsMax {
		return exactSignFlip(sizes, limit)
	}
	extreme := 1 // the observed pattern itself
	for range draws {
		if math.Abs(randomSigns(sizes, rng)) >= limit {
			extreme++
		}
	}
	return float64(extreme) / float64(draws+1)
}

func bySize(a, b float64) int {
	return cmp.Or(cmp.Compare(math.Abs(a), math.Abs(b)), cmp.Compare(a, b))
}

func exactSignFlip(sizes []float64, limit float64) float64 {
	patterns := 1 << len(sizes)
	extreme := 0
	for pattern := range patterns {
		sum := 0.0
		for i, size := range sizes {
			if pattern>>i&1 == 0 {
				sum += size
			} else {
				sum -= size
			}
		}
		if math.Abs(sum) >= limit {
			extreme++
		}
	}
	return float64(extreme) / float64(patterns)
}

// randomSigns sums the sizes with random signs, one random bit each.
func randomSigns(sizes []float64, rng *Rand) float64 {
	sum := 0.0
	var signs uint64
	for i, size := range sizes {
		if i%64 == 0 {
			signs = rng.Uint64()
		}
		if signs&1 == 0 {
			sum += size
		} else {
			sum -= size
		}
		signs >>= 1
	}
	return sum
}
