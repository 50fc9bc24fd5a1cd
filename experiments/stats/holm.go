package stats

import (
	"fmt"
	"slices"
)

// Holm returns the p-values of one family of comparisons, adjusted so that the
// chance of any false alarm in the family stays below the level they are
// compared with (Holm: A simple sequentially rejective multiple test procedure,
// Scandinavian Journal of Statistics 6, 1979). The result has the order of the
// input, which is not changed. A p-value outside [0, 1] is an error.
func Holm(ps []float64) ([]float64, error) {
	for i, p := range ps {
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("p-value %d: %v is not between 0 and 1", i, p)
		}
	}
	order := identity(len(ps))
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case ps[a] < ps[b]:
			return -1
		case ps[a] > ps[b]:
			return 1
		}
		return 0
	})
	adjusted := make([]float64, len(ps))
	largest := 0.0
	for rank, i := range order {
		// The running maximum keeps the adjusted values in the order of the raw ones.
		largest = max(largest, ps[i]*float64(len(ps)-rank))
		adjusted[i] = min(largest, 1)
	}
	return adjusted, nil
}
