package explore

import (
	"runtime"
	"slices"

	"bufsim/sim"
)

// taskList is where all tasks are in their programs: with the state of what they share, all
// that what follows depends on. A place is the calls under way when a task came to its last
// operation.
type taskList struct {
	list    []TaskState
	running uint64
	// sums are those of the tasks of each part and of the others.
	sums  []uint64
	calls [40]uintptr
}

// look finds out where the tasks are of which a point tells: the current one, which has just
// come to an operation, and those seen for the first time.
func (l *taskList) look(p *sim.Point, n int, tell func(*TaskState)) {
	for i := range n {
		if p.OwnTimer(i) {
			continue
		}
		id := p.TaskID(i)
		t, arrived := l.of(id), p.Kind == sim.KindSwitch && i == 0
		if t != nil && !arrived {
			continue
		}
		if t == nil {
			name := p.Task(i).Name
			l.list = append(l.list, TaskState{id: id, Name: name, Kind: name, Part: -1})
			t = &l.list[len(l.list)-1]
		}
		if arrived {
			t.Op, t.Tool = p.Op, p.Pending(i)
			t.Calls = l.calls[:runtime.Callers(5, l.calls[:])]
			t.Place = 0
			for _, c := range t.Calls {
				t.Place = scatter(t.Place, uint64(c))
			}
		}
		tell(t)
		t.Calls = nil
	}
}

func (l *taskList) of(id uint64) *TaskState {
	for i := range l.list {
		if l.list[i].id == id {
			return &l.list[i]
		}
	}
	return nil
}

// over reports whether a task is for a part that is over.
func (l *taskList) over(id uint64, over []bool) bool {
	t := l.of(id)
	return t != nil && t.Part >= 0 && t.Part < len(over) && over[t.Part]
}

// kindOf is the kind of an alternative. A timer that is no task's has its name.
func (l *taskList) kindOf(p *sim.Point, i int) string {
	if t := l.of(p.TaskID(i)); t != nil && !p.OwnTimer(i) {
		return t.Kind
	}
	return p.Task(i).Name
}

func (l *taskList) forget(id uint64) {
	l.list = slices.DeleteFunc(l.list, func(t TaskState) bool { return t.id == id })
}

// number is one for a state and the n alternatives that there are in it; it also gives each
// alternative a number, which is equal for those that can stand for each other.
func (l *taskList) number(state *State, p *sim.Point, n int, signs []uint64) (uint64, []uint64) {
	rest := len(state.Parts)
	l.sums = append(l.sums[:0], state.Parts...)
	l.sums = append(l.sums, 0)
	at := func(t *TaskState) int {
		if t == nil || t.Part < 0 || t.Part > rest {
			return rest
		}
		return t.Part
	}
	for i := range l.list {
		t := &l.list[i]
		l.sums[at(t)] += scatter(sim.HashString(0, t.Kind), t.Place, t.Local)
	}
	signs = signs[:0]
	for i := range n {
		sign := l.sign(p, i)
		signs = append(signs, sign)
		l.sums[at(l.of(p.TaskID(i)))] += sign
	}
	for i := range n {
		if part := at(l.of(p.TaskID(i))); part != rest {
			signs[i] = scatter(signs[i], l.sums[part])
		}
	}
	sum := scatter(state.Shared, l.sums[rest])
	for _, part := range l.sums[:rest] {
		sum += scatter(part, 1)
	}
	return sum, signs
}

// sign is a number for what the i-th alternative does.
func (l *taskList) sign(p *sim.Point, i int) uint64 {
	t := l.of(p.TaskID(i))
	if t == nil {
		return scatter(sim.HashString(0, p.Task(i).Name), 3)
	}
	timer := uint64(0)
	if p.Timer(i) {
		timer = 1
	}
	return scatter(sim.HashString(0, t.Kind), t.Place, t.Local, timer, uint64(p.Woken(i)+1), 1)
}

// scatter mixes numbers into one.
func scatter(numbers ...uint64) uint64 {
	h := uint64(14695981039346656037)
	for _, n := range numbers {
		h = (h ^ n) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return h
}
