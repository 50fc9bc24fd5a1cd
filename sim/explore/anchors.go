package explore

import (
	"slices"

	"bufsim/sim"
)

// Anchors draws instants as bugs like them: exactly at, just before or just after instants
// that matter, such as deadlines, or those drawn before. Times that are drawn freely hardly
// ever meet.
type Anchors struct {
	rand  *sim.Rand
	fixed []sim.Time
	drawn []sim.Time
	until sim.Time
}

// NewAnchors returns a source of instants from 0 up to and including until that are
// anchored to the given ones and to each other.
func NewAnchors(r *sim.Rand, until sim.Time, fixed ...sim.Time) *Anchors {
	return &Anchors{rand: r, fixed: slices.Clone(fixed), until: until}
}

// Draw returns the next instant: one time in four a free one, else a known one plus an
// offset, which is none in half of the cases, or else up to a second, either way.
func (a *Anchors) Draw() sim.Time {
	t := a.draw()
	t = min(max(t, 0), a.until)
	a.drawn = append(a.drawn, t)
	return t
}

func (a *Anchors) draw() sim.Time {
	known := len(a.fixed) + len(a.drawn)
	if known == 0 || a.rand.Chance(1, 4) {
		return sim.Time(a.rand.Int64n(int64(a.until) + 1))
	}
	i := a.rand.Intn(known)
	anchor := sim.Time(0)
	if i < len(a.fixed) {
		anchor = a.fixed[i]
	} else {
		anchor = a.drawn[i-len(a.fixed)]
	}
	offsets := [...]sim.Time{1, 1e3, 1e6, 1e9} // ns
	switch a.rand.Intn(4) {
	case 0:
		return anchor - offsets[a.rand.Intn(len(offsets))]
	case 1:
		return anchor + offsets[a.rand.Intn(len(offsets))]
	}
	return anchor
}
