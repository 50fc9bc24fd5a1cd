package explore

import "bufsim/sim"

// Walk is the uniform random walk over steps: at each choice every task has a chance in
// proportion to how many choices it will still have, by an estimate from another run. With
// equal chances instead, the end of a short task next to a long one would come early in
// nearly all runs. A task that the estimate does not know, or that did more than it says,
// counts as one.
type Walk struct {
	rand      *sim.Rand
	remaining map[uint64]int
	estimate  map[string]int // by name; nil: equal chances
}

// NewWalk returns a walk by an estimate, which may be the zero one. It switches before
// operations.
func NewWalk(seed uint64, e Estimate) *Walk {
	return &Walk{rand: sim.NewRand(seed, "explore/walk"), remaining: map[uint64]int{}, estimate: e.Tasks}
}

// Preempts implements sim.Preempter.
func (*Walk) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (c *Walk) Choose(p *sim.Point, n int) int {
	if !amongTasks(p) || c.estimate == nil {
		return plain(c.rand, p, n)
	}
	sum := 0
	for i := range n {
		sum += c.left(p, i)
	}
	at := c.rand.Intn(sum)
	for i := range n {
		left := c.left(p, i)
		if at < left {
			c.remaining[p.TaskID(i)] = max(left-1, 1)
			return i
		}
		at -= left
	}
	return 0
}

func (c *Walk) left(p *sim.Point, i int) int {
	id := p.TaskID(i)
	left, known := c.remaining[id]
	if !known {
		left = max(c.estimate[p.Task(i).Name], 1)
		c.remaining[id] = left
	}
	return left
}
