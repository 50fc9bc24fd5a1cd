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
// The schedules come in the order of how many decisions differ from the dull one, so what is found
// first is simple. It ends with the first error of run, after limit runs, or when everything was
// tried; Stats tells which. It fails by itself if a run makes other decisions than before at the
// same place.
func Exhaustive(limit, preemptions int, run func(sim.Chooser) error) (Stats, error) {
	var stats Stats
	for todo := []branch{{}}; len(todo) > 0; todo = todo[1:] {
		if stats.Runs == limit {
			return stats, nil
		}
		walk := &walk{from: todo[0], preempts: preemptions > 0}
		err := run(walk)
		stats.Runs++
		stats.Decisions += len(walk.log)
		stats.Deepest = max(stats.Deepest, len(walk.log))
		switch {
		case walk.misfit != nil:
			return stats, fmt.Errorf("the run is not the same each time: %w", walk.misfit)
		case len(walk.log) < walk.from.length():
			return stats, fmt.Errorf("the run is not the same each time: it ended after %d decisions", len(walk.log))
		case err != nil:
			stats.Failing = walk.log
			return stats, err
		}
		if len(todo)+stats.Runs <= limit+1 { // more would never be tried
			todo = walk.addBranches(todo, preemptions)
		}
	}
	stats.Complete = true
	return stats, nil
}

// branch is the begin of a schedule: that of another run up to a place, where it takes another
// alternative. The zero branch is the begin of all.
type branch struct {
	log []sim.Decision // of the other run
	at  int32
	c   int32 // not 0, except in the zero branch
	// used counts the preemptions.
	used int32
}

// length is how many decisions the branch prescribes.
func (b branch) length() int {
	if b.c == 0 {
		return 0
	}
	return int(b.at) + 1
}

// walk is the chooser of one run: it follows a branch and goes on with alternative 0.
type walk struct {
	from     branch
	preempts bool
	log      []sim.Decision
	misfit   error
}

// Preempts implements sim.Preempter.
func (w *walk) Preempts() bool { return w.preempts }

// Choose implements sim.Chooser.
func (w *walk) Choose(point *sim.Point, n int) int {
	i, d := len(w.log), sim.Decision{Kind: point.Kind, N: int32(n)}
	if i < w.from.length() {
		was := w.from.log[i]
		if (was.Kind != d.Kind || was.N != d.N) && w.misfit == nil {
			w.misfit = &Misfit{i, was, d, point.Time}
		}
		d.C = was.C
		if i == int(w.from.at) {
			d.C = w.from.c
		}
		d.C = min(d.C, d.N-1)
	}
	w.log = append(w.log, d)
	return int(d.C)
}

// addBranches adds what differs from the run in one decision after its own branch.
func (w *walk) addBranches(todo []branch, preemptions int) []branch {
	for i := w.from.length(); i < len(w.log); i++ {
		d, used := w.log[i], w.from.used
		switch d.Kind {
		case sim.KindFault, sim.KindDelay:
			continue
		case sim.KindSwitch:
			if used++; int(used) > preemptions {
				continue
			}
		}
		for c := int32(1); c < d.N; c++ {
			todo = append(todo, branch{w.log, int32(i), c, used})
		}
	}
	return todo
}
