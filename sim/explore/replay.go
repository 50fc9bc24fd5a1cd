package explore

import (
	"fmt"
	"slices"

	"bufsim/sim"
)

// Replay follows a decision log. When the log is exhausted it takes alternative
// 0, so a truncated log is a legal, simpler run. A logged decision that does not
// fit the point (another kind, or a number of alternatives that leaves the
// logged choice out of range) is replaced by 0 and noted; see [Replay.Misfit]. A strict
// replay ends the run there instead.
type Replay struct {
	log    Decisions
	next   int
	stalls bool
	strict bool
	misfit *Misfit
	took   []sim.Decision
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
	return Decisions{Preempts: preempts, List: log}.Replay()
}

// Replay returns a chooser that follows the decisions as far as they fit.
func (d Decisions) Replay() *Replay {
	stalls := slices.ContainsFunc(d.List, func(x sim.Decision) bool { return x.Kind == sim.KindStall })
	return &Replay{log: d, stalls: stalls}
}

// StrictReplay returns a chooser that follows the decisions and stops the world at the first
// one that does not fit: then the program is not the one that was recorded.
func (d Decisions) StrictReplay() *Replay {
	r := d.Replay()
	r.strict = true
	return r
}

// StopMisfit is the reason with which a strict replay stops a world.
const StopMisfit = "replay-misfit"

// Preempts implements sim.Preempter.
func (r *Replay) Preempts() bool { return r.log.Preempts }

// Stalls implements sim.Staller: it depends on whether the log tells of stalls.
func (r *Replay) Stalls() bool { return r.stalls }

// Untimed implements sim.Untimed.
func (r *Replay) Untimed() bool { return r.log.Untimed }

// FiresEarly implements sim.Untimed.
func (r *Replay) FiresEarly(host, name string) bool { return matches(r.log.Pattern, host, name) }

// Misfit returns the first decision that did not fit, or nil.
func (r *Replay) Misfit() *Misfit { return r.misfit }

// Consumed returns how many decisions of the log were used.
func (r *Replay) Consumed() int { return r.next }

// Taken returns the decisions that were really made.
func (r *Replay) Taken() Decisions {
	d := r.log
	d.List = r.took
	return d
}

// Choose implements sim.Chooser.
func (r *Replay) Choose(p *sim.Point, n int) int {
	asked := sim.Decision{Kind: p.Kind, N: int32(n)}
	if r.next < len(r.log.List) {
		asked.C = r.follow(p, asked)
		r.next++
	}
	r.took = append(r.took, asked)
	return int(asked.C)
}

// follow is what the log has decided, if it fits what is asked.
func (r *Replay) follow(p *sim.Point, asked sim.Decision) int32 {
	d := r.log.List[r.next]
	if d.Kind == asked.Kind && d.N == asked.N {
		return d.C
	}
	if r.misfit == nil {
		r.misfit = &Misfit{r.next, d, asked, p.Time}
		if r.strict {
			p.Stop(StopMisfit)
		}
	}
	if d.Kind != asked.Kind || d.C >= asked.N {
		return 0
	}
	return d.C
}
