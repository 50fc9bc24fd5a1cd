package explore

import "bufsim/sim"

// Bounded departs from the dull schedule at a few places only, drawn over the length of the
// run: most bugs need no more, and a schedule with few departures is easy to read. It comes
// in two kinds: [NewPreempting] and [NewDelaying].
type Bounded struct {
	rand     *sim.Rand
	departs  []int // places
	place    int
	preempts bool
}

// NewPreempting returns a chooser that interrupts a task at most so many times where it
// could go on, at places drawn among about length. Who goes next when a task waits is
// random.
func NewPreempting(seed uint64, bound, length int) *Bounded {
	return newBounded(sim.NewRand(seed, "explore/preempt"), bound, length, true)
}

// NewDelaying returns a chooser under which first come is first served, except that at
// most so many times, at places drawn among about length, the first is passed over
// (delay-bounded scheduling; Emmi and others, 2011).
func NewDelaying(seed uint64, bound, length int) *Bounded {
	return newBounded(sim.NewRand(seed, "explore/delay"), bound, length, false)
}

func newBounded(r *sim.Rand, bound, length int, preempts bool) *Bounded {
	c := &Bounded{rand: r, preempts: preempts}
	for range bound {
		c.departs = append(c.departs, r.Intn(max(length, 1)))
	}
	return c
}

// Preempts implements sim.Preempter.
func (*Bounded) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (c *Bounded) Choose(p *sim.Point, n int) int {
	switch {
	case !amongTasks(p):
		if c.preempts {
			return plain(c.rand, p, n)
		}
		return 0
	case !c.preempts:
		return c.departures() % n
	case p.Kind == sim.KindTask:
		return c.rand.Intn(n)
	case c.departures() > 0:
		return 1 + c.rand.Intn(n-1)
	}
	return 0
}

// departures is how many of the drawn places are this one.
func (c *Bounded) departures() int {
	here := 0
	for _, place := range c.departs {
		if place == c.place {
			here++
		}
	}
	c.place++
	return here
}
