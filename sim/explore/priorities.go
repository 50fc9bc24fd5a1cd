package explore

import "bufsim/sim"

// Priorities gives every task a random priority when it is first seen and always runs the
// highest one, also in the middle of an instant; now and then it puts the running task below
// all others. So whole tasks come early or late, which equal chances at each step hardly ever
// bring about. It is the probabilistic concurrency testing of Burckhardt and others, without
// a known length of the run: points of change come at random instead of at drawn places.
//
// What is not about tasks is taken with equal probability.
type Priorities struct {
	rand *sim.Rand
	// priority of each task by its ID; equal ones are possible and go to the longer ready.
	priority map[uint64]int64
	// lowest is the priority that the last demoted task got.
	lowest int64
}

// changeEvery is the mean number of switch points between two points of change.
const changeEvery = 24

// NewPriorities returns a chooser by priorities. It switches before lock, wait, channel,
// select and shared-atomic operations.
func NewPriorities(seed uint64) *Priorities {
	return &Priorities{rand: sim.NewRand(seed, "explore/priorities"), priority: map[uint64]int64{}}
}

// Preempts implements sim.Preempter.
func (*Priorities) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (c *Priorities) Choose(p *sim.Point, n int) int {
	switch p.Kind {
	case sim.KindSwitch:
		if c.rand.Intn(changeEvery) == 0 {
			c.lowest--
			c.priority[p.TaskID(0)] = c.lowest
		}
		return c.highest(p, n)
	case sim.KindTask:
		return c.highest(p, n)
	default:
		return plain(c.rand, p, n)
	}
}

// highest is the alternative with the highest priority.
func (c *Priorities) highest(p *sim.Point, n int) int {
	best := 0
	top := c.of(p.TaskID(0))
	for i := 1; i < n; i++ {
		if own := c.of(p.TaskID(i)); own > top {
			best, top = i, own
		}
	}
	return best
}

func (c *Priorities) of(id uint64) int64 {
	own, known := c.priority[id]
	if !known {
		own = int64(c.rand.Intn(1 << 30))
		c.priority[id] = own
	}
	return own
}
