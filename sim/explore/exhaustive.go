package explore

import (
	"fmt"

	"bufsim/sim"
)

// Stats says how far an exhaustive exploration came.
type Stats struct {
	// Runs is how many schedules were tried, Decisions how many decisions they made together,
	// Deepest how many the longest made.
	Runs, Decisions, Deepest int
	// Complete: every schedule within the bound was tried.
	Complete bool
	// Failing is the decision log of the run that gave an error, for [NewReplay]; else nil.
	Failing []sim.Decision
}

// Exhaustive calls run once for each schedule of a world, each time with another chooser, which
// run must give to one world and nobody else. Apart from the chooser the run must be the same
// each time. Schedules with more than so many preemptions are left out: a preemption is a switch
// to another task at a point where the current one could go on. Which of several ready tasks
// goes first, who gets a lock, and which case a Select takes are always tried in every way.
// Faults and delays are not: they stay at none and shortest.
//
// It ends with the first error of run, after limit runs, or when everything was tried; Stats tells
// which. It fails by itself if a run makes other decisions than before at the same place.
func Exhaustive(limit, preemptions int, run func(sim.Chooser) error) (Stats, error) {
	var stats Stats
	path := &path{bound: preemptions}
	for stats.Runs < limit {
		path.begin()
		err := run(path)
		stats.Runs++
		stats.Decisions += path.next
		stats.Deepest = max(stats.Deepest, path.next)
		if path.misfit != nil {
			return stats, path.misfit
		}
		if err != nil {
			stats.Failing = path.log()
			return stats, err
		}
		if path.next < len(path.taken) {
			return stats, fmt.Errorf("run %d ended after %d decisions; the run before made at least %d", stats.Runs, path.next, len(path.taken))
		}
		if !path.advance() {
			stats.Complete = true
			return stats, nil
		}
	}
	return stats, nil
}

// path is the chooser of all runs: the way from the root of the tree of decisions to a leaf. A
// run follows it and goes on with alternative 0.
type path struct {
	taken []sim.Decision
	next  int
	// bound is how many preemptions a path may have, used how many it has.
	bound, used int
	misfit      error
}

// begin goes back to the root.
func (p *path) begin() { p.next = 0 }

// Preempts implements sim.Preempter.
func (p *path) Preempts() bool { return p.bound > 0 }

// Choose implements sim.Chooser.
func (p *path) Choose(point *sim.Point, n int) int {
	d := sim.Decision{Kind: point.Kind, N: int32(n)}
	if p.next == len(p.taken) {
		p.taken = append(p.taken, d)
	}
	was := p.taken[p.next]
	if was.Kind != d.Kind || was.N != d.N {
		if p.misfit == nil {
			p.misfit = fmt.Errorf("the run is not the same each time: %w", &Misfit{p.next, was, d, point.Time})
		}
		return 0
	}
	p.next++
	return int(was.C)
}

// advance goes to the next leaf: it takes the next alternative of the deepest decision that has
// one. It reports whether there is one.
func (p *path) advance() bool {
	for i := len(p.taken) - 1; i >= 0; i-- {
		d := &p.taken[i]
		if d.C+1 < d.N && p.mayTry(*d) {
			if d.Kind == sim.KindSwitch && d.C == 0 {
				p.used++
			}
			d.C++
			return true
		}
		if d.Kind == sim.KindSwitch && d.C > 0 {
			p.used--
		}
		p.taken = p.taken[:i]
	}
	return false
}

// mayTry reports whether a further alternative of a decision is within the bound.
func (p *path) mayTry(d sim.Decision) bool {
	switch d.Kind {
	case sim.KindSwitch:
		return d.C > 0 || p.used < p.bound
	case sim.KindFault, sim.KindDelay:
		return false
	default:
		return true
	}
}

func (p *path) log() []sim.Decision { return append([]sim.Decision(nil), p.taken[:p.next]...) }
