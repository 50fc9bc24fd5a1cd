package sweep

import (
	"iter"

	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
)

// A sweep that stops by precision plays its seeds in rounds and looks after each
// round which points still need more: fixed-width sequential sampling (Chow and
// Robbins, Ann. Math. Statist. 36, 1965). Points keep common seeds: each has the
// first n of the plan.
const (
	seedsPerRound = 20
	// equalRunsMin is how many runs must agree before they count as precise. By the
	// rule of three, fewer than 5 % of runs would differ then, at the 95 % level.
	equalRunsMin = 60
)

// rounds yields the seeds of each round: all at once unless the plan stops by
// precision or its points are to advance together.
func (r *Resolved) rounds() iter.Seq[scenario.Seeds] {
	return func(yield func(scenario.Seeds) bool) {
		if r.Plan.UntilHalfwidth == 0 && !r.together {
			yield(r.Seeds)
			return
		}
		for first := r.Seeds.First; first <= r.Seeds.Last; first += seedsPerRound {
			if !yield(scenario.Seeds{First: first, Last: min(first+seedsPerRound-1, r.Seeds.Last)}) {
				return
			}
		}
	}
}

// round lists the jobs of a round: those of the shard, at points that are not
// precise yet.
func (s *session) round(seeds scenario.Seeds) []job {
	var jobs []job
	for p := range s.resolved.Points {
		if s.resolved.Plan.UntilHalfwidth > 0 && s.tally.precise(p) {
			continue
		}
		for seed := seeds.First; seed <= seeds.Last; seed++ {
			if s.opts.Shard.has(p*s.resolved.runs() + int(seed-s.resolved.Seeds.First)) {
				jobs = append(jobs, job{p, seed})
			}
		}
	}
	return jobs
}

// precise reports whether the interval of a point's error rate is narrow enough.
func (t *Tally) precise(point int) bool {
	n := len(t.points[point].rates)
	if n == 0 {
		return false
	}
	e, err := t.errorRate(point)
	if err != nil || e.Method == stats.AllEqual && n < equalRunsMin {
		return false
	}
	return max(e.Mean-e.Low, e.High-e.Mean) <= float64(t.resolved.Plan.UntilHalfwidth)
}
