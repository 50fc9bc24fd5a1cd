package explore

import (
	"path"
	"time"

	"bufsim/sim"
)

// layer is a chooser on top of another: what it embeds is the other one, with all that it
// can do.
type layer struct{ sim.Chooser }

// Preempts implements sim.Preempter.
func (l layer) Preempts() bool {
	p, ok := l.Chooser.(sim.Preempter)
	return ok && p.Preempts()
}

// Stalls implements sim.Staller.
func (l layer) Stalls() bool {
	s, ok := l.Chooser.(sim.Staller)
	return ok && s.Stalls()
}

// Untimed implements sim.Untimed.
func (l layer) Untimed() bool {
	u, ok := l.Chooser.(sim.Untimed)
	return ok && u.Untimed()
}

// FiresEarly implements sim.Untimed.
func (l layer) FiresEarly(host, name string) bool {
	u, ok := l.Chooser.(sim.Untimed)
	return ok && u.Untimed() && u.FiresEarly(host, name)
}

// Touches implements sim.Toucher.
func (l layer) Touches() bool {
	t, ok := l.Chooser.(sim.Toucher)
	return ok && t.Touches()
}

// Touch implements sim.Toucher.
func (l layer) Touch(a sim.Access) {
	if t, ok := l.Chooser.(sim.Toucher); ok {
		t.Touch(a)
	}
}

// Ended implements sim.Toucher.
func (l layer) Ended(id uint64) {
	if t, ok := l.Chooser.(sim.Toucher); ok {
		t.Ended(id)
	}
}

// stalling puts tasks aside now and then.
type stalling struct {
	layer
	rand    *sim.Rand
	percent int64
	longest int // the choice of the longest stall
}

// WithStalls returns a chooser that decides as c does and, with a chance of so many percent
// at each operation and step of a proc, puts the proc aside for a while: between a
// microsecond and longest (0 is the longest that there is), evenly on a logarithmic scale.
func WithStalls(c sim.Chooser, seed uint64, percent int, longest time.Duration) sim.Chooser {
	top := sim.StallChoices - 1
	if longest > 0 {
		top = sim.StallChoice(longest)
	}
	return &stalling{layer{c}, sim.NewRand(seed, "explore/stalls"), int64(percent), top}
}

// Stalls implements sim.Staller.
func (*stalling) Stalls() bool { return true }

// Choose implements sim.Chooser.
func (s *stalling) Choose(p *sim.Point, n int) int {
	if p.Kind != sim.KindStall {
		return s.Chooser.Choose(p, n)
	}
	if s.longest == 0 || !s.rand.Chance(s.percent, 100) {
		return 0
	}
	return 1 + s.rand.Intn(min(s.longest, n-1))
}

// early lets timers fire early.
type early struct {
	layer
	pattern string
}

// WithEarlyTimers returns a chooser that decides as c does in an untimed world: each timer
// whose host and name, joined by a slash, match the pattern may fire at any time. The
// pattern is that of path.Match, for the host or for both; the empty one is all timers. An
// invalid pattern matches nothing.
func WithEarlyTimers(c sim.Chooser, pattern string) sim.Chooser { return &early{layer{c}, pattern} }

// Untimed implements sim.Untimed.
func (*early) Untimed() bool { return true }

// FiresEarly implements sim.Untimed.
func (e *early) FiresEarly(host, name string) bool { return matches(e.pattern, host, name) }

func matches(pattern, host, name string) bool {
	if pattern == "" {
		return true
	}
	if ok, _ := path.Match(pattern, host); ok {
		return true
	}
	ok, _ := path.Match(pattern, host+"/"+name)
	return ok
}
