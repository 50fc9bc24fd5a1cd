package explore

import (
	"slices"

	"bufsim/sim"
)

// afresh looks for a simpler schedule from the other side: those with one departure from the
// dull one, then those with two, and so on, as long as that is fewer than the best has and
// there are attempts left. What takes things away ends where each single one is needed; a
// schedule with fewer but other departures is found only so.
func (x *shrinking) afresh() {
	mode := x.Decisions
	mode.List = nil
	_, dull := x.run(mode)
	level := []begun{{dull, 0}}
	for depth := 1; len(level) > 0; depth++ {
		var next []begun
		for _, b := range level {
			if all, _, _ := x.Decisions.Departures(); all <= depth || !x.more() {
				return
			}
			found, more := x.depart(b)
			if found {
				return
			}
			next = append(next, more...)
		}
		level = next
	}
}

// begun is a schedule that was played, of which what follows may still be changed.
type begun struct {
	played Decisions
	from   int
}

// depart plays a schedule with each one more departure.
func (x *shrinking) depart(b begun) (found bool, played []begun) {
	for i := b.from; i < len(b.played.List); i++ {
		d := b.played.List[i]
		if d.Kind == sim.KindFault || d.Kind == sim.KindDelay {
			continue
		}
		for c := int32(1); c < d.N; c++ {
			if !x.more() {
				return false, nil
			}
			candidate := b.played
			candidate.List = slices.Clone(candidate.List[:i+1])
			candidate.List[i].C = c
			signature, taken := x.run(candidate)
			if signature == x.Signature && costOf(trimmed(taken)).less(costOf(x.Decisions)) {
				x.Decisions = trimmed(taken)
				return true, nil
			}
			if signature != x.Signature {
				x.note(signature, taken)
			}
			played = append(played, begun{taken, i + 1})
		}
	}
	return false, played
}
