package tune

import (
	"time"

	"bufsim/model/flags"
)

// Candidates are the values that may be recommended, in ascending order. An empty list
// means the usual ones.
type Candidates struct {
	Windows, Maxes, Gaps []time.Duration
	Sizes, Drains        []int
}

// usualWindows are round lengths: close to one another where outages usually lie.
func usualWindows() (list []time.Duration) {
	for _, s := range []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 90, 120} {
		list = append(list, time.Duration(s)*time.Second)
	}
	return list
}

// usualSizes are round numbers up to what a gate of a large fleet holds.
func usualSizes() (list []int) {
	for unit := 1; unit <= 100_000; unit *= 10 {
		list = append(list, unit, 2*unit, 5*unit)
	}
	return append(list, 1_000_000)
}

func usualDrains() []int { return []int{1, 2, 5, 10, 20, 50, 100} }

// complete puts in the usual candidates where none are given, and takes away windows that
// Vitess does not accept.
func (c Candidates) complete(p *Problem) Candidates {
	if len(c.Windows) == 0 {
		c.Windows = usualWindows()
	}
	if len(c.Sizes) == 0 {
		c.Sizes = usualSizes()
	}
	if !p.Profile.Behaviors.DrainConcurrencyHonoured {
		c.Drains = []int{flags.Defaults(p.Profile).VTGate.BufferDrainConcurrency}
	}
	if len(c.Drains) == 0 {
		c.Drains = usualDrains()
	}
	return c
}

// limit is the smallest maximum failover duration that goes with a window.
func (c Candidates) limit(window time.Duration) (time.Duration, bool) {
	if len(c.Maxes) == 0 {
		return window, true
	}
	for _, m := range c.Maxes {
		if m >= window {
			return m, true
		}
	}
	return 0, false
}

// gap is the shortest time between failovers that goes with a maximum failover duration.
func (c Candidates) gap(limit time.Duration, p *Problem) (time.Duration, bool) {
	low := gapMin(limit, p.Profile)
	if len(c.Gaps) == 0 {
		return low, true
	}
	for _, g := range c.Gaps {
		if g >= low {
			return g, true
		}
	}
	return 0, false
}
