package explore

import (
	"fmt"

	"bufsim/sim"
)

// StateSearch tries every schedule of a small world in which any timer may fire at any time,
// and goes on from each state of the program once: a walk over the graph of states, depth
// first. It needs to be told what a state is. Nothing that the program does may depend on
// the clock other than by timers, and all that its tasks share must be in waiting tools, or
// guarded by them. See docs/adr/0005.
//
// The states that it leaves out are those in which somebody has only half done what nobody
// else notices:
//
//   - A task that could only wait is not tried before it could go on.
//   - What is done under a lock is one step, up to where it waits. That is enough if all
//     that is done there is for others under that lock, too, or a single operation.
//   - A step that makes nothing but exchangeable uses of tools is not put off: whatever
//     others do before it they can do after it, and it ends alike.
//
// Of several tasks whose steps differ only in which of some equal things they are for, one
// is tried.
type StateSearch struct {
	// Limit is how many runs are made at most.
	Limit int
	// State describes the state between two steps. It is called while the chooser decides
	// between n alternatives, so that what it looks at is no step.
	State func(s *State, p *sim.Point, n int)
	// Task is called when a task comes to an operation, or is seen for the first time. It
	// sets what the state of the task is besides its place in the program.
	Task func(*TaskState)
	// Uses says what is done with those tools of which some uses can be exchanged with all that
	// others do. The search fails if it sees another use of such a tool.
	Uses []Use
	// Plain leaves out nothing but known states.
	Plain bool
}

// State is what a program's state consists of, besides its tasks and timers.
type State struct {
	// Shared is a number for all that is shared.
	Shared uint64
	// Parts are numbers for things of which each can stand for another, such as requests.
	Parts []uint64
	// Over tells of each part whether what its tasks still do can be exchanged with all that
	// others do.
	Over []bool
}

// TaskState is what matters of a task.
type TaskState struct {
	// Name is the task's, with the host. Tasks of one kind can stand for each other.
	Name string
	// Kind is the name at first; tasks that do the same for different parts have one kind.
	Kind string
	// Part is the index of the part that the task is for; -1 for none.
	Part int
	// Local is a number for what its local variables hold.
	Local uint64
	// Op is the operation to which the task has come, OpNone before it begins; Tool is the
	// number of the object.
	Op   sim.Op
	Tool uint64
	// Place is a number for where in its program the task is: for the calls under way, whose
	// program counters Calls are, as long as Task is called.
	Place uint64
	Calls []uintptr

	id uint64
}

// Use is a way to use a tool. It can be exchanged with all that other tasks do at the same
// time, unless its order matters: whoever goes first, both find and leave the same.
type Use struct {
	// Tool is the tool's name, without host and path.
	Tool string
	// Ops are the operations; none: all.
	Ops []sim.Op
	// Kinds are the kinds of the tasks; none: all.
	Kinds []string
	// Matters: the order matters.
	Matters bool
}

// StateStats says how far a search came.
type StateStats struct {
	// Runs is how many worlds were played, Schedules how many of them to their end; the
	// others came to a known state.
	Runs, Schedules int
	// States is how many states there are, Steps how many times something could be decided,
	// Deepest how many forks there were at most on a way to a state.
	States, Steps, Deepest int
	// Circles is how many runs came back to a state of their own: they could go on for ever.
	Circles int
	// Complete: there is no other state.
	Complete bool
	// Failing is the schedule of the run that gave an error.
	Failing Decisions
}

// Run calls run once for each schedule that is tried, like [Search.Run].
func (s StateSearch) Run(run func(sim.Chooser) error) (StateStats, error) {
	x := &stateSearch{StateSearch: s, seen: map[uint64]struct{}{}}
	x.uses = map[string][]Use{}
	for _, u := range s.Uses {
		x.uses[u.Tool] = append(x.uses[u.Tool], u)
	}
	for x.stats.Runs < s.Limit {
		x.begin()
		err := run(x)
		x.stats.Runs++
		x.stats.States = len(x.seen)
		switch {
		case x.misfit != nil:
			return x.stats, fmt.Errorf("explore: %w", x.misfit)
		case err != nil:
			x.stats.Failing = x.decisions()
			return x.stats, err
		case !x.stopped:
			x.stats.Schedules++
		}
		if !x.backtrack() {
			x.stats.Complete = true
			break
		}
	}
	return x.stats, nil
}
