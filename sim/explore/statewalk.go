package explore

import (
	"fmt"
	"slices"

	"bufsim/sim"
)

// stateSearch is a StateSearch at work. The stack is the branch that is played.
type stateSearch struct {
	StateSearch
	stats StateStats
	seen  map[uint64]struct{}
	uses  map[string][]Use
	stack []*fork
	path  []uint64 // the states of the branch
	state State
	tasks taskList
	signs []uint64 // of the alternatives at hand

	// Of the present run:
	script  []sim.Decision // what it follows at first
	crowd   bool           // there was something to decide, so that tools can be shared
	running string         // the kind of the task that runs
	stopped bool
	misfit  error
	log     []sim.Decision
}

// fork is one decision of the present branch.
type fork struct {
	decision sim.Decision
	place    int         // in the run's list of decisions
	states   int         // of the branch up to here
	step     *fork       // the one that began the present step
	tasks    []TaskState // where they are
	kinds    []string    // of the alternatives; nil if the decision is not about tasks
	running  uint64      // then, the task that runs
	kind     string      // and its kind
	todo     []int32     // alternatives that are still to be tried
	alone    bool        // no other alternative need be tried,
	certain  bool        // whatever the step does;
	shared   bool        // else, unless it does what matters to others
}

func (x *stateSearch) begin() {
	x.crowd, x.running, x.stopped, x.misfit = false, "", false, nil
	x.tasks.list, x.log = x.tasks.list[:0], x.log[:0]
}

// Preempts implements sim.Preempter.
func (*stateSearch) Preempts() bool { return true }

// Touches implements sim.Toucher.
func (*stateSearch) Touches() bool { return true }

// Untimed implements sim.Untimed.
func (*stateSearch) Untimed() bool { return true }

// FiresEarly implements sim.Untimed.
func (*stateSearch) FiresEarly(string, string) bool { return true }

// Ended implements sim.Toucher.
func (x *stateSearch) Ended(id uint64) { x.tasks.forget(id) }

// Touch implements sim.Toucher.
func (x *stateSearch) Touch(a sim.Access) {
	if x.replays() || x.stopped || a.ID == sim.TouchedClock || a.ID == x.tasks.running {
		return
	}
	if x.matters(a.Op, a.Name, x.running) {
		x.share()
	}
}

// matters reports whether a use cannot be exchanged with all that others do.
func (x *stateSearch) matters(op sim.Op, tool, kind string) bool {
	uses := x.uses[tool]
	if uses == nil || !x.crowd {
		return true
	}
	for i := range uses {
		if uses[i].covers(op, kind) {
			return uses[i].Matters
		}
	}
	if x.misfit == nil {
		x.misfit = fmt.Errorf("nobody said that %s does %s with %s", kind, op, tool)
	}
	return true
}

func (u *Use) covers(op sim.Op, kind string) bool {
	return (len(u.Ops) == 0 || slices.Contains(u.Ops, op)) && (len(u.Kinds) == 0 || slices.Contains(u.Kinds, kind))
}

// Choose implements sim.Chooser.
func (x *stateSearch) Choose(p *sim.Point, n int) int {
	if x.stopped || x.misfit != nil {
		return 0
	}
	x.stats.Steps++
	d := sim.Decision{Kind: p.Kind, N: int32(n)}
	if i := len(x.log); i < len(x.script) {
		d.C = x.script[i].C
		if was := x.script[i]; was.Kind != d.Kind || was.N != d.N {
			x.misfit = &Misfit{i, was, d, p.Time}
			return 0
		}
		if i == len(x.script)-1 {
			x.pass(x.stack[len(x.stack)-1], p)
		}
	} else if x.Plain || !p.Locked() && !x.goesOn(p) {
		d.C = int32(x.decide(p, n))
	}
	x.log = append(x.log, d)
	return int(d.C)
}

// known reports whether the state was reached before.
func (x *stateSearch) known(p *sim.Point, n int) bool {
	x.state.Shared, x.state.Parts, x.state.Over = 0, x.state.Parts[:0], x.state.Over[:0]
	x.State(&x.state, p, n)
	var number uint64
	number, x.signs = x.tasks.number(&x.state, p, n, x.signs)
	if _, known := x.seen[number]; !known {
		x.seen[number] = struct{}{}
		x.path = append(x.path, number)
		return false
	}
	if slices.Contains(x.path, number) {
		x.stats.Circles++
		x.share() // those that were put off must not be put off for ever
	}
	return true
}

// share notes that the present step matters to others.
func (x *stateSearch) share() {
	if n := len(x.stack); n > 0 {
		x.stack[n-1].step.shared = true
	}
}

// goesOn reports whether the current task is about to do something that concerns nobody.
func (x *stateSearch) goesOn(p *sim.Point) bool {
	switch p.Kind {
	case sim.KindSwitch:
		if p.Futile(0) {
			return false
		}
	case sim.KindSelect:
	default:
		return false
	}
	op, tool := p.Next(0)
	return !x.matters(op, tool, x.running)
}

// replays reports whether what the run does now was done by another run before.
func (x *stateSearch) replays() bool { return len(x.log) < len(x.script) }

// decide makes the branch longer.
func (x *stateSearch) decide(p *sim.Point, n int) int {
	if !amongTasks(p) {
		return x.push(x.every(p, n), p)
	}
	if x.crowd = x.crowd || n > 1; !x.crowd {
		return 0
	}
	x.tasks.look(p, n, x.Task)
	if p.Op == sim.OpSleep || p.Op == sim.OpYield {
		return 0 // it was asked only so that the search sees where the task is
	}
	if x.known(p, n) {
		x.stopped = true
		p.Stop(StopRedundant)
		return 0
	}
	if n == 1 {
		x.tasks.running, x.running = p.TaskID(0), x.tasks.kindOf(p, 0)
		return 0
	}
	return x.push(x.open(p, n), p)
}

// every is a fork that is not about tasks.
func (x *stateSearch) every(p *sim.Point, n int) *fork {
	at := &fork{
		decision: sim.Decision{Kind: p.Kind, N: int32(n)},
		tasks:    slices.Clone(x.tasks.list), running: x.tasks.running, kind: x.running,
	}
	if at.step = at; len(x.stack) > 0 {
		at.step = x.stack[len(x.stack)-1].step
	}
	if p.Kind != sim.KindFault && p.Kind != sim.KindDelay {
		for c := int32(1); c < at.decision.N; c++ {
			at.todo = append(at.todo, c)
		}
	}
	return at
}

func (x *stateSearch) push(at *fork, p *sim.Point) int {
	at.place, at.states = len(x.log), len(x.path)
	x.stack = append(x.stack, at)
	x.stats.Deepest = max(x.stats.Deepest, len(x.stack))
	return x.pass(at, p)
}

// pass takes the decision of the last fork of the branch.
func (x *stateSearch) pass(at *fork, p *sim.Point) int {
	c := int(at.decision.C)
	x.crowd = true
	x.tasks.list = append(x.tasks.list[:0], at.tasks...)
	if at.kinds == nil {
		x.tasks.running, x.running = at.running, at.kind
	} else {
		x.tasks.running, x.running = p.TaskID(c), at.kinds[c]
	}
	return c
}

// open makes a fork about tasks.
func (x *stateSearch) open(p *sim.Point, n int) *fork {
	at := &fork{
		decision: sim.Decision{Kind: p.Kind, N: int32(n)},
		tasks:    slices.Clone(x.tasks.list), kinds: make([]string, n), todo: make([]int32, 0, n),
	}
	at.step = at
	for c := range n {
		at.kinds[c] = x.tasks.kindOf(p, c)
		if x.Plain || !p.Futile(c) && !slices.Contains(x.signs[:c], x.signs[c]) {
			at.todo = append(at.todo, int32(c))
		}
	}
	if len(at.todo) == 0 { // nobody can do more than wait, in whatever order
		at.todo = append(at.todo, 0)
	} else if first, ease := x.easiest(p, at); ease > hard && !x.Plain {
		at.todo[0], at.todo[first] = at.todo[first], at.todo[0]
		at.alone, at.certain = true, ease == partOver
	}
	at.next()
	return at
}

// ease is how likely a step is one that can be exchanged with all that others do.
type ease int

const (
	hard         ease = iota // nothing speaks for it
	goesOn                   // the task has waited, and goes on
	exchangeable             // its first use of a tool is one that can be exchanged
	begins                   // the task begins
	partOver                 // all that the task still does can be exchanged
)

// easiest is the alternative whose step is most likely one that can be exchanged.
func (x *stateSearch) easiest(p *sim.Point, at *fork) (first int, most ease) {
	for i, c := range at.todo {
		if it := x.ease(p, int(c), at.kinds[c]); it > most {
			first, most = i, it
		}
	}
	return first, most
}

func (x *stateSearch) ease(p *sim.Point, c int, kind string) ease {
	op, tool := p.Next(c)
	switch {
	case x.tasks.over(p.TaskID(c), x.state.Over):
		return partOver
	case p.Begins(c):
		return begins
	case tool != "" && x.uses[tool] != nil && !x.matters(op, tool, kind):
		return exchangeable
	case p.Woken(c) >= 0:
		return goesOn
	}
	return hard
}

// next goes on to the next alternative.
func (at *fork) next() { at.decision.C, at.todo = at.todo[0], at.todo[1:] }

// backtrack goes on to the next branch; false if there is none.
func (x *stateSearch) backtrack() bool {
	for n := len(x.stack); n > 0; n-- {
		at := x.stack[n-1]
		if len(at.todo) == 0 || at.certain || at.alone && !at.shared {
			continue
		}
		at.alone = false
		at.next()
		x.stack, x.path = x.stack[:n], x.path[:at.states]
		x.script = append(x.script[:0], x.log[:at.place+1]...)
		x.script[at.place].C = at.decision.C
		return true
	}
	return false
}

// decisions is the present run's schedule.
func (x *stateSearch) decisions() Decisions {
	list := slices.DeleteFunc(slices.Clone(x.log), func(d sim.Decision) bool { return d.N <= 1 })
	return Decisions{Preempts: true, Untimed: true, List: list}
}
