package explore

import (
	"time"

	"bufsim/sim"
)

// StallLog notes when a chooser puts procs aside, and for how long.
type StallLog struct {
	layer
	stalls []stall
}

type stall struct {
	at     sim.Time
	length time.Duration
}

// NewStallLog returns a chooser that decides as c does. One that never puts anybody aside needs
// none.
func NewStallLog(c sim.Chooser) *StallLog { return &StallLog{layer: layer{c}} }

// Choose implements sim.Chooser.
func (l *StallLog) Choose(p *sim.Point, n int) int {
	c := l.Chooser.Choose(p, n)
	if p.Kind == sim.KindStall && c > 0 {
		l.stalls = append(l.stalls, stall{p.Time, sim.StallLength(c)})
	}
	return c
}

// Within is the sum of all stalls that were under way at some time between two instants: how
// late what happens between them may be, at most, without being at fault. What led to the first
// instant may have been put aside several times in a row, and then all of these count.
func (l *StallLog) Within(begin, end sim.Time) (sum time.Duration) {
	for i := len(l.stalls) - 1; i >= 0; i-- {
		s := l.stalls[i]
		if s.at > end || s.at.Add(s.length) < begin {
			continue
		}
		sum += s.length
		begin = min(begin, s.at)
	}
	return sum
}
