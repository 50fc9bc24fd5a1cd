package explore

import "bufsim/sim"

// First always takes alternative 0. It makes the same runs as a world without a
// chooser, but its decisions are logged.
type First struct{}

// Choose implements sim.Chooser.
func (First) Choose(*sim.Point, int) int { return 0 }
