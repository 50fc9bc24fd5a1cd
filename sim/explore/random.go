package explore

import "bufsim/sim"

// Random takes each alternative with equal probability, except that at a switch
// point it goes on with the current proc in three cases of four: otherwise runs
// would consist of little but switches.
type Random struct {
	rand     *sim.Rand
	preempts bool
}

// NewRandom returns a random chooser. With preempts it also switches before lock,
// wait, channel, select and shared-atomic operations.
func NewRandom(seed uint64, preempts bool) *Random {
	return &Random{rand: sim.NewRand(seed, "explore/random"), preempts: preempts}
}

// Preempts implements sim.Preempter.
func (r *Random) Preempts() bool { return r.preempts }

// Choose implements sim.Chooser.
func (r *Random) Choose(p *sim.Point, n int) int {
	switch p.Kind {
	case sim.KindSwitch:
		if r.rand.Intn(4) != 0 {
			return 0
		}
		return 1 + r.rand.Intn(n-1)
	case sim.KindFault, sim.KindDelay, sim.KindStall:
		return 0 // these are drawn by plans of their own, not by the schedule
	default:
		return r.rand.Intn(n)
	}
}
