package stats

// FixedWidth is sequential sampling until an interval is narrow enough: after each round of
// runs somebody asks whether the interval reaches no further than HalfWidth from the mean, and
// if so, no more runs are played (Chow and Robbins: On the asymptotic theory of fixed-width
// sequential confidence intervals for the mean, Annals of Mathematical Statistics 36, 1965).
//
// The rule looks at the width, never at where the interval lies, and so does not chase a
// result. It is not free of bias all the same: runs that happen to be alike stop it early, and
// so the interval holds the true mean less often than stated, by about one per cent on skewed
// shares (which a test measures). Three things hold that down: rounds of [SeedsPerRound], so
// that no look has fewer runs; [EqualRunsMin] runs that agree before their agreement counts;
// and the number of runs, which is reported.
type FixedWidth struct{ HalfWidth float64 }

const (
	// SeedsPerRound is the number of runs between two looks.
	SeedsPerRound = 20
	// EqualRunsMin is how many runs must agree before they count as precise. By the rule of
	// three, fewer than 5 % of runs would differ then, at the 95 % level.
	EqualRunsMin = 60
)

// Reached reports whether an interval is narrow enough to stop.
func (f FixedWidth) Reached(e Estimate) bool {
	if e.N == 0 || e.Method == AllEqual && e.N < EqualRunsMin {
		return false
	}
	return max(e.Mean-e.Low, e.High-e.Mean) <= f.HalfWidth
}
