package explore

import (
	"fmt"
	"slices"

	"bufsim/sim"
)

// Replay follows a decision log. When the log is exhausted it takes alternative
// 0, so a truncated log is a legal, simpler run. A logged decision that does not
// fit the point (another kind, or a number of alternatives that leaves the
// logged choice out of range) is replaced by 0 and noted; see [Replay.Misfit].
type Replay struct {
	log      []sim.Decision
	next     int
	preempts bool
	stalls   bool
	misfit   *Misfit
}

// Misfit is the first place where a log and the run that it should drive differ.
type Misfit struct {
	// Index is the number of the decision in the log, from 0.
	Index int
	// Logged is what the log says, Asked what the run asked.
	Logged sim.Decision
	Asked  sim.Decision
	Time   sim.Time
}

// Error implements error.
func (m *Misfit) Error() string {
	return fmt.Sprintf("decision %d at %s: the log has %s with %d alternatives, the run asks for %s with %d",
		m.Index, m.Time, m.Logged.Kind, m.Logged.N, m.Asked.Kind, m.Asked.N)
}

// NewReplay returns a chooser that follows log, which was recorded by a chooser
// that did or did not preempt.
func NewReplay(log []sim.Decision, preempts bool) *Replay {
	stalls := slices.ContainsFunc(log, func(d sim.Decision) bool { return d.Kind == sim.KindStall })
	return &Replay{log: log, preempts: preempts, stalls: stalls}
}

// Stalls implements sim.Staller: it depends on whether the log tells of stalls.
func (r *Replay) Stalls() bool { return r.stalls }

// Preempts implements sim.Preempter.
func (r *Replay) Preempts() bool { return r.preempts }

// Misfit returns the first decision that did not fit, or nil.
func (r *Replay) Misfit() *Misfit { return r.misfit }

// Consumed returns how many decisions of the log were used.
func (r *Replay) Consumed() int { return r.next }

// Choose implements sim.Chooser.
func (r *Replay) Choose(p *sim.Point, n int) int {
	if r.next == len(r.log) {
		return 0
	}
	d := r.log[r.next]
	r.next++
	if d.Kind != p.Kind || int(d.N) != n {
		if r.misfit == nil {
			r.misfit = &Misfit{r.next - 1, d, sim.Decision{Kind: p.Kind, N: int32(n)}, p.Time}
		}
		if d.Kind != p.Kind || int(d.C) >= n {
			return 0
		}
	}
	return int(d.C)
}
