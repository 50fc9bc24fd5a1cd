package hunt

import (
	"bufsim/sim"
	"bufsim/sim/explore"
)

// branch is a chooser that follows a recorded run for some decisions and goes its own way after
// that.
type branch struct {
	*explore.Replay
	// length is the number of decisions to follow, left is when the branch began.
	length int
	left   *sim.Time
	rest   sim.Chooser
	asked  int
}

// Choose implements sim.Chooser.
func (b *branch) Choose(p *sim.Point, n int) int {
	b.asked++
	if b.asked <= b.length {
		return b.Replay.Choose(p, n)
	}
	if b.asked == b.length+1 {
		*b.left = p.Time
	}
	return b.rest.Choose(p, n)
}
