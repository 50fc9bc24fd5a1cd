package explore

import (
	"runtime"
	"slices"

	"bufsim/sim"
)

// whereabouts are the places of all tasks in their programs: with the shared state, all that
// what follows depends on. A place is the addresses of the calls under way when the task
// came to its last operation.
type whereabouts struct {
	spots []spot
}

type spot struct {
	id                 uint64
	name, place, local uint64
}

// look finds out where the tasks are of which a point tells: the current one, which has just
// come to an operation, and those seen for the first time.
func (x *whereabouts) look(p *sim.Point, at *place, local func(string, sim.Op, uint64) uint64) []spot {
	var found []spot
	for i := range at.tasks {
		id := p.TaskID(i)
		s, known := x.of(id)
		arrived := p.Kind == sim.KindSwitch && i == 0
		if known && !arrived {
			continue
		}
		info := p.Task(i)
		if !known {
			s = spot{id: id, name: sim.HashString(0, info.Name)}
		}
		if arrived {
			s.place = callers()
			if local != nil {
				s.local = local(info.Name, p.Op, s.local)
			}
		}
		found = append(found, s)
	}
	return found
}

func (x *whereabouts) of(id uint64) (spot, bool) {
	for _, s := range x.spots {
		if s.id == id {
			return s, true
		}
	}
	return spot{}, false
}

func (x *whereabouts) learn(list []spot) {
next:
	for _, s := range list {
		for i := range x.spots {
			if x.spots[i].id == s.id {
				x.spots[i] = s
				continue next
			}
		}
		x.spots = append(x.spots, s)
	}
}

func (x *whereabouts) forget(id uint64) {
	x.spots = slices.DeleteFunc(x.spots, func(s spot) bool { return s.id == id })
}

// number is one for the shared state and the places together. Tasks of one name can stand
// for each other.
func (x *whereabouts) number(shared uint64, p *sim.Point, n int) uint64 {
	sum := uint64(0)
	for _, s := range x.spots {
		sum += scatter(s.name, s.place, s.local)
	}
	for i := range n {
		s, _ := x.of(p.TaskID(i))
		timer := uint64(0)
		if p.Timer(i) {
			timer = 1
		}
		sum += scatter(s.name, s.place, s.local, timer, uint64(p.Woken(i)+1), 1)
	}
	return scatter(shared, sum)
}

// names gives the steps of a sleep set numbers that are the same in other runs.
func (x *whereabouts) names(set sleepSet) []uint64 {
	var list []uint64
	for _, s := range set {
		at, _ := x.of(s.key >> 1)
		list = append(list, scatter(at.name, at.place, at.local, s.key&1))
	}
	return list
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

// callers is a number for the calls under way.
func callers() uint64 {
	var calls [40]uintptr
	h := uint64(0)
	for _, c := range calls[:runtime.Callers(2, calls[:])] {
		h = scatter(h, uint64(c))
	}
	return h
}
