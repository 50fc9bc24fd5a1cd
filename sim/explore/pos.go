package explore

import "bufsim/sim"

// POS is partial order sampling (Yuan and others, 2018). Each operation that a task is
// about to do has a random priority, and the highest goes first; then the operations on
// the same object, which it may have decided something for, and the task's own next one
// draw anew. So orders of steps that nobody can tell apart are not drawn more often for
// being many.
type POS struct {
	rand     *sim.Rand
	priority map[uint64]uint64 // of the pending operation of a task
}

// NewPOS returns a chooser by partial order sampling. It switches before operations.
func NewPOS(seed uint64) *POS {
	return &POS{rand: sim.NewRand(seed, "explore/pos"), priority: map[uint64]uint64{}}
}

// Preempts implements sim.Preempter.
func (*POS) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (c *POS) Choose(p *sim.Point, n int) int {
	if !amongTasks(p) {
		return plain(c.rand, p, n)
	}
	best, top := 0, uint64(0)
	for i := range n {
		id := p.TaskID(i)
		own, known := c.priority[id]
		if !known {
			own = c.rand.Uint64()
			c.priority[id] = own
		}
		if own > top {
			best, top = i, own
		}
	}
	c.forget(p, n, best)
	return best
}

// forget makes the chosen task and those that race with it draw anew.
func (c *POS) forget(p *sim.Point, n, chosen int) {
	object := p.Pending(chosen)
	delete(c.priority, p.TaskID(chosen))
	for i := range n {
		if object != 0 && p.Pending(i) == object {
			delete(c.priority, p.TaskID(i))
		}
	}
}
