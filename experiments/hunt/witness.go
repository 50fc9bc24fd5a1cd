package hunt

import (
	"fmt"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// witness follows a case and puts one of its decisions in words.
type witness struct {
	*explore.Replay
	// number is that of the decision, from 0 on, other another alternative of it.
	number, other int
	asked         int
	at            sim.Time
	taken         string
	instead       string
}

// Choose implements sim.Chooser.
func (w *witness) Choose(p *sim.Point, n int) int {
	c := w.Replay.Choose(p, n)
	if w.asked == w.number {
		w.at, w.taken = p.Time, alternativeWords(p, n, c)
		if w.other < n {
			w.instead = alternativeWords(p, n, w.other)
		}
	}
	w.asked++
	return c
}

// witnessed plays a case to one of its decisions.
func (in *Input) witnessed(number, other int) (*witness, error) {
	w := &witness{number: number, other: other}
	own := in.clone()
	own.via = func(r *explore.Replay) sim.Chooser { w.Replay = r; return w }
	_, err := safely(own, PlayOptions{})
	return w, err
}

// alternativeWords says what an alternative of a decision is.
func alternativeWords(p *sim.Point, n, c int) string {
	switch {
	case p.Kind == sim.KindTask:
		return p.Task(c).Name + " goes next"
	case p.Kind == sim.KindSwitch && c == 0:
		return fmt.Sprintf("%s goes on to %s %s", p.Task(0).Name, p.Op, p.Object())
	case c != 0:
		return departureWords(p, n, c)
	case p.Kind == sim.KindStall:
		return p.Task(0).Name + " goes next without a stall"
	}
	return fmt.Sprintf("the first of %d goes first (%s)", n, p.Object())
}
