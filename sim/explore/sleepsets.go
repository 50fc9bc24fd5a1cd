package explore

import (
	"fmt"
	"slices"

	"bufsim/sim"
)

// Search tries every schedule of a small world, without a bound on preemptions, but not
// those that differ from another one only in the order of steps that touch nothing in
// common: they end alike. For this it learns what each step touches while it runs (sleep
// sets; Godefroid, 1996). A step is what a task does between two operations on waiting
// tools, and shared state that is no such tool must be guarded by one.
//
// A task that could only wait for a lock is not tried before the lock is free, since that
// changes nothing. Which waiter gets a lock, and which case a Select takes, are tried in
// every way; faults and delays stay at none and shortest.
type Search struct {
	// Limit is how many runs are made at most.
	Limit int
	// Untimed lets timers that match Pattern fire at any time, see [WithEarlyTimers].
	Untimed bool
	Pattern string
	// AnyClock says that what the program does depends on no clock, other than by timers, so
	// that those can be exchanged like other steps although they move it.
	AnyClock bool
	// Sections makes what is done under a lock one step, up to where it waits. That is enough
	// if all that is done there is for others under that lock, too, or a single operation.
	Sections bool
}

// SearchStats says how far a search came.
type SearchStats struct {
	// Runs is how many were made, of which Redundant were ended early, because what would
	// have followed was another order of a known run.
	Runs, Redundant int
	// Steps is how many steps all runs made, Places at how many places there was something to
	// decide.
	Steps, Places int
	// Complete: there is no other schedule.
	Complete bool
	// Failing is the schedule of the run that gave an error.
	Failing Decisions
}

// Run calls run once for each schedule that is tried, each time with another chooser, which
// run must give to one world and nobody else. It ends with the first error of run. In a world
// that was stopped with [StopRedundant], run must judge only what happened before that.
func (s Search) Run(run func(sim.Chooser) error) (SearchStats, error) {
	x := &search{Search: s}
	for x.stats.Runs < s.Limit {
		x.begin()
		err := run(x)
		x.stats.Runs++
		switch {
		case x.misfit != nil:
			return x.stats, fmt.Errorf("the run is not the same each time: %w", x.misfit)
		case err != nil:
			x.stats.Failing = x.decisions()
			return x.stats, err
		case x.redundant:
			x.stats.Redundant++
		}
		if !x.backtrack() {
			x.stats.Complete = true
			break
		}
	}
	return x.stats, nil
}

// StopRedundant is the reason with which a search stops worlds that would show nothing new.
const StopRedundant = "explore-redundant"

// search is a Search at work: a depth-first walk over the tree of decisions, of which the
// stack is the branch that is played.
type search struct {
	Search
	stats SearchStats
	stack []*place

	// Of the present run:
	depth     int // places passed
	last      int // the last place at which a task was chosen; -1 at first
	redundant bool
	misfit    error
	log       []sim.Decision
}

// sleepSet are steps that need not be tried: what follows them is known from elsewhere,
// until a step comes that conflicts with them.
type sleepSet []sleeper

type sleeper struct {
	key   uint64
	steps *footprint
}

// place is one decision of the present branch.
type place struct {
	decision sim.Decision
	tasks    []uint64 // the alternatives' keys; nil if it is not about tasks
	futile   []bool
	asleep   sleepSet // when the place was reached, and those tried since
	steps    *footprint
}

func (x *search) begin() {
	x.depth, x.last, x.redundant, x.misfit = 0, -1, false, nil
	x.log = x.log[:0]
}

// Preempts implements sim.Preempter.
func (*search) Preempts() bool { return true }

// Touches implements sim.Toucher.
func (*search) Touches() bool { return true }

// Touch implements sim.Toucher.
func (x *search) Touch(a sim.Access) {
	id, write := a.ID, a.Write
	if x.last < 0 || id == sim.TouchedClock && x.AnyClock {
		return
	}
	if id == sim.TouchedClock {
		id = sim.TouchedAll
	}
	x.stack[x.last].steps.add(id, write)
}

// Ended implements sim.Toucher.
func (*search) Ended(uint64) {}

// FiresEarly implements sim.Untimed.
func (x *search) FiresEarly(host, name string) bool { return matches(x.Pattern, host, name) }

// Untimed implements sim.Untimed.
func (x *search) Untimed() bool { return x.Search.Untimed }

// Choose implements sim.Chooser.
func (x *search) Choose(p *sim.Point, n int) int {
	if x.redundant || p.Op == sim.OpSleep || p.Op == sim.OpYield {
		return 0
	}
	c := 0
	if !x.Sections || !p.Locked() {
		c = x.decide(p, n)
	}
	if n > 1 {
		x.log = append(x.log, sim.Decision{Kind: p.Kind, N: int32(n), C: int32(c)})
	}
	return c
}

// decide follows the branch and makes it longer.
func (x *search) decide(p *sim.Point, n int) int {
	x.stats.Steps++
	if x.depth < len(x.stack) {
		return x.repeat(p, n)
	}
	at := &place{decision: sim.Decision{Kind: p.Kind, N: int32(n)}}
	if amongTasks(p) && !x.open(at, p) {
		x.redundant = true
		p.Stop(StopRedundant)
		return 0
	}
	x.stack = append(x.stack, at)
	return x.pass(at)
}

// repeat follows the branch.
func (x *search) repeat(p *sim.Point, n int) int {
	at := x.stack[x.depth]
	if at.decision.Kind != p.Kind || int(at.decision.N) != n {
		if x.misfit == nil {
			x.misfit = &Misfit{x.depth, at.decision, sim.Decision{Kind: p.Kind, N: int32(n)}, p.Time}
		}
		return 0
	}
	return x.pass(at)
}

func (x *search) pass(at *place) int {
	if at.tasks != nil {
		x.last = x.depth
	}
	x.depth++
	return int(at.decision.C)
}

// open prepares a place that is about tasks; false: nothing has to be tried here.
func (x *search) open(at *place, p *sim.Point) bool {
	n := int(at.decision.N)
	for i := range n {
		key := p.TaskID(i) << 1
		if p.Timer(i) {
			key |= 1
		}
		at.tasks = append(at.tasks, key)
		at.futile = append(at.futile, p.Futile(i))
	}
	if x.last >= 0 {
		before := x.stack[x.last]
		for _, s := range before.asleep {
			if !s.steps.conflicts(before.steps) {
				at.asleep = append(at.asleep, s)
			}
		}
	}
	x.stats.Places++
	at.decision.C = -1
	return at.next()
}

func (s sleepSet) has(key uint64) bool {
	return slices.ContainsFunc(s, func(x sleeper) bool { return x.key == key })
}

// next goes on to the next alternative that has to be tried, if there is one.
func (at *place) next() bool {
	if at.tasks == nil {
		at.decision.C++
		return at.decision.C < at.decision.N && at.decision.Kind != sim.KindFault && at.decision.Kind != sim.KindDelay
	}
	if at.decision.C >= 0 {
		at.asleep = append(at.asleep, sleeper{at.tasks[at.decision.C], at.steps})
	}
	waiting := !slices.Contains(at.futile, false) // nobody can do more than wait
	for c, key := range at.tasks {
		if (waiting || !at.futile[c]) && !at.asleep.has(key) {
			at.decision.C = int32(c)
			at.steps = &footprint{}
			at.steps.add(key>>1, true)
			return true
		}
	}
	return false
}

// backtrack goes on to the next branch; false if there is none.
func (x *search) backtrack() bool {
	for n := len(x.stack); n > 0; n-- {
		if x.stack[n-1].next() {
			x.stack = x.stack[:n]
			return true
		}
	}
	return false
}

// decisions is the present run's schedule.
func (x *search) decisions() Decisions {
	return Decisions{Preempts: true, Untimed: x.Search.Untimed, Pattern: x.Pattern, List: slices.Clone(x.log)}
}
