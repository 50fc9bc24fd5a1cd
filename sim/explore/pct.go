package explore

import "bufsim/sim"

// PCT is probabilistic concurrency testing (Burckhardt and others, 2010). Each task has a
// random priority, and the highest one always runs. At depth-1 places, drawn over the
// length of the run, the task that would run falls below all others. A bug that needs
// depth orderings of steps to come out one way is then hit with a probability of at least
// 1/(tasks * length^(depth-1)) in each run, whatever else the program does.
//
// What is not about tasks is taken with equal probability.
type PCT struct {
	rand     *sim.Rand
	priority map[uint64]int64
	changes  []int // places of change, each with the priority of its index
	place    int
}

// NewPCT returns a chooser of that depth (at least 1) for runs with about so many choices
// among tasks. It switches before operations.
func NewPCT(seed uint64, depth, length int) *PCT {
	c := &PCT{rand: sim.NewRand(seed, "explore/pct"), priority: map[uint64]int64{}}
	for range depth - 1 {
		c.changes = append(c.changes, c.rand.Intn(max(length, 1)))
	}
	return c
}

// Preempts implements sim.Preempter.
func (*PCT) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (c *PCT) Choose(p *sim.Point, n int) int {
	if !amongTasks(p) {
		return plain(c.rand, p, n)
	}
	best := c.highest(p, n)
	for i, place := range c.changes {
		if place == c.place {
			c.priority[p.TaskID(best)] = int64(i)
			best = c.highest(p, n)
		}
	}
	c.place++
	return best
}

// highest is the alternative with the highest priority; tasks seen for the first time
// get theirs, above those of all places of change.
func (c *PCT) highest(p *sim.Point, n int) int {
	best, top := 0, int64(-1)
	for i := range n {
		id := p.TaskID(i)
		own, known := c.priority[id]
		if !known {
			own = int64(len(c.changes)) + c.rand.Int64n(1<<40)
			c.priority[id] = own
		}
		if own > top {
			best, top = i, own
		}
	}
	return best
}

// amongTasks reports whether a point is about which task goes next.
func amongTasks(p *sim.Point) bool { return p.Kind == sim.KindTask || p.Kind == sim.KindSwitch }

// plain decides what is not about tasks: with equal probability, but neither faults nor
// delays nor stalls, which have plans of their own.
func plain(r *sim.Rand, p *sim.Point, n int) int {
	switch p.Kind {
	case sim.KindFault, sim.KindDelay, sim.KindStall:
		return 0
	}
	return r.Intn(n)
}
