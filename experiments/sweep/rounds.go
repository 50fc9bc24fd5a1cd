package sweep

import (
	"iter"

	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
)

// A sweep that stops by precision plays its seeds in rounds and looks after each round which
// points still need more, see [stats.FixedWidth]. Points keep common seeds: each has the first
// n of the plan.

// rounds yields the seeds of each round: all at once unless the plan stops by
// precision or its points are to advance together.
func (r *Resolved) rounds() iter.Seq[scenario.Seeds] {
	return func(yield func(scenario.Seeds) bool) {
		if r.Plan.UntilHalfwidth == 0 && !r.together {
			yield(r.Seeds)
			return
		}
		for first := r.Seeds.First; first <= r.Seeds.Last; first += stats.SeedsPerRound {
			if !yield(scenario.Seeds{First: first, Last: min(first+stats.SeedsPerRound-1, r.Seeds.Last)}) {
				return
			}
		}
	}
}

// round yields the jobs of a round: those of the shard, at points that are not precise yet.
// What is precise is looked up once, before the first of them.
func (s *session) round(seeds scenario.Seeds) iter.Seq[job] {
	var points []int
	for p := range s.resolved.Points {
		if s.resolved.Plan.UntilHalfwidth == 0 || !s.tally.precise(p) {
			points = append(points, p)
		}
	}
	return func(yield func(job) bool) {
		for _, p := range points {
			for seed := seeds.First; seed <= seeds.Last; seed++ {
				if s.opts.Shard.has(p*s.resolved.runs()+int(seed-s.resolved.Seeds.First)) && !yield(job{p, seed}) {
					return
				}
			}
		}
	}
}

// precise reports whether the interval of a point's error rate is narrow enough.
func (t *Tally) precise(point int) bool {
	if len(t.points[point].rates) == 0 {
		return false
	}
	e, err := t.errorRate(point)
	return err == nil && stats.FixedWidth{HalfWidth: float64(t.resolved.Plan.UntilHalfwidth)}.Reached(e)
}
