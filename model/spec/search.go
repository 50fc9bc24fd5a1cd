package spec

import (
	"errors"
	"slices"

	"bufsim/model/release"
)

// PlayBuffer takes the first of the allowed steps each time. Where nothing coincides, this is
// the only outcome.
func PlayBuffer(cfg BufferConfig, b release.Behaviors, s Schedule, see func(Buffer, Effect)) BufferOutcome {
	state := NewBuffer(cfg, b, s)
	for enabled := state.Enabled(); len(enabled) > 0; enabled = state.Enabled() {
		var effects []Effect
		state, effects = state.Step(enabled[0])
		for _, e := range effects {
			see(state, e)
		}
	}
	return state.Outcome()
}

// ErrTooManyStates says that a search was given up: the answer is not known.
var ErrTooManyStates = errors.New("too many states")

// AllBufferOutcomes gives every outcome that the rules allow, in no particular order, or
// ErrTooManyStates if there are more states than limit. [ND]
func AllBufferOutcomes(cfg BufferConfig, b release.Behaviors, s Schedule, limit int) ([]BufferOutcome, error) {
	var outcomes []BufferOutcome
	all := search{limit: limit, seen: map[string]bool{}}
	err := all.from(NewBuffer(cfg, b, s), func(end *Buffer) bool {
		if out := end.Outcome(); !slices.ContainsFunc(outcomes, out.Equal) {
			outcomes = append(outcomes, out)
		}
		return false
	})
	return outcomes, err
}

// AllowsBuffer says whether the rules allow what was observed. It gives ErrTooManyStates if it
// visited limit states without an answer.
func AllowsBuffer(cfg BufferConfig, b release.Behaviors, s Schedule, observed BufferOutcome, limit int) (bool, error) {
	allowed := false
	match := search{limit: limit, seen: map[string]bool{}, observed: &observed}
	err := match.from(NewBuffer(cfg, b, s), func(end *Buffer) bool {
		allowed = end.Outcome().Equal(observed)
		return allowed
	})
	if allowed {
		err = nil
	}
	return allowed, err
}

// Equal reports whether two outcomes are the same.
func (o BufferOutcome) Equal(p BufferOutcome) bool {
	return slices.Equal(o.Requests, p.Requests) && slices.Equal(o.ShutdownReturned, p.ShutdownReturned) &&
		o.SlotsInUse == p.SlotsInUse && slices.Equal(o.Shards, p.Shards)
}

// search goes through all successors, each state once.
type search struct {
	limit int
	seen  map[string]bool
	// observed, if set, cuts off what can no longer lead to it.
	observed *BufferOutcome
}

// from calls atEnd for each last state that it reaches, until atEnd answers true.
func (s *search) from(state Buffer, atEnd func(*Buffer) bool) error {
	todo := []Buffer{state}
	for len(todo) > 0 {
		state := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		enabled := state.Enabled()
		if len(enabled) == 0 && atEnd(&state) {
			return nil
		}
		for i := len(enabled) - 1; i >= 0; i-- {
			next, effects := state.Step(enabled[i])
			if !s.possible(&next, effects) {
				continue
			}
			if len(enabled) > 1 { // with one successor, a state is as good as that
				key := next.key()
				if s.seen[key] {
					continue
				}
				s.seen[key] = true
				if len(s.seen) > s.limit {
					return ErrTooManyStates
				}
			}
			todo = append(todo, next)
		}
	}
	return nil
}

// possible: the state can still lead to what was observed.
func (s *search) possible(b *Buffer, effects []Effect) bool {
	if s.observed == nil {
		return true
	}
	for _, e := range effects {
		switch e.Kind {
		case Returned:
			got, want := b.requests[e.Of].outcome, s.observed.Requests[e.Of]
			if got.Result != want.Result || got.At != want.At {
				return false
			}
		case ShutdownReturned:
			if b.shutdowns[e.Of].returned != s.observed.ShutdownReturned[e.Of] {
				return false
			}
		}
	}
	for i := range b.shards {
		if !b.shards[i].counters.upTo(&s.observed.Shards[i].Counters) {
			return false
		}
	}
	return !b.late(s.observed)
}

// late: a request that was seen to return has not, though time has passed on.
func (b *Buffer) late(observed *BufferOutcome) bool {
	for i := range b.requests {
		want := observed.Requests[i]
		if b.requests[i].outcome.Result == Pending && want.Result != Pending && want.At < b.now {
			return true
		}
	}
	return false
}

// upTo: every counter that never decreases is at most that of the other. spec: P-19
func (c *Counters) upTo(o *Counters) bool {
	for i, n := range c.Stops {
		if n > o.Stops[i] {
			return false
		}
	}
	for i, n := range c.Evicted {
		if n > o.Evicted[i] {
			return false
		}
	}
	for i, n := range c.Skipped {
		if n > o.Skipped[i] {
			return false
		}
	}
	return c.Starts <= o.Starts && c.Buffered <= o.Buffered && c.BufferedDryRun <= o.BufferedDryRun && c.Drained <= o.Drained &&
		c.UtilizationSum <= o.UtilizationSum && c.UtilizationDryRunSum <= o.UtilizationDryRunSum
}
