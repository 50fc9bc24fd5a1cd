package hunt

import (
	"context"
	"fmt"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// Schedule is what a case's schedule did.
type Schedule struct {
	// Decisions is how many the run made, Recorded how many of the case's were not the first
	// alternative, before the schedule was made simpler.
	Decisions int `json:"decisions"`
	Recorded  int `json:"recorded_departures"`
	// Departures are those that are left, in order; More is how many are not told.
	Departures []Departure `json:"departures"`
	More       int         `json:"departures_not_told,omitempty"`
	// Dull says that the finding shows without any of them, too.
	Dull bool `json:"shows_under_the_dull_schedule"`
}

// Departure is a decision that is not the dull one.
type Departure struct {
	// Number is that of the decision, from 1 on.
	Number int      `json:"number"`
	At     sim.Time `json:"at_ns"`
	Text   string   `json:"text"`
	// Needed says that the finding did not show in a run without this one.
	Needed bool `json:"needed"`
}

// told is how many departures are told in words.
const told = 8

// simpler gives a case with the same input whose schedule has few departures; nil if the case
// does not show its finding.
func (x *explaining) simpler(c *Case) *Case {
	s := &shrinker{ctx: context.Background(), opts: ShrinkOptions{Invariants: x.opts.Invariants}, pool: x.pool, want: c.Verdict.Signature, best: c, seen: map[string]bool{}}
	if !s.play(c.Input.clone(), anyCase) {
		return nil
	}
	if _, departures := c.decisions(); departures <= readable {
		return c
	}
	s.budget = 2 * attempts(c)
	shrinkStalls(s)
	shrinkSchedule(s)
	return s.best
}

// schedule tells the departures, and which of them are needed.
func (x *explaining) schedule(recorded *Case) (Schedule, error) {
	all, n := x.from.decisions()
	_, before := recorded.decisions()
	s := Schedule{Decisions: all, Recorded: before, Departures: []Departure{}, Dull: n == 0}
	if n == 0 {
		return s, nil
	}
	noted := &noting{}
	in := x.from.Input.clone()
	in.via = func(r *explore.Replay) sim.Chooser { noted.Replay = r; return noted }
	if _, err := x.play(in); err != nil {
		return s, err
	}
	for i := range noted.list {
		d := &noted.list[i]
		if i == told {
			s.More = len(noted.list) - told
			break
		}
		without := x.from.Input.clone()
		without.Choices[d.Number-1].C = 0
		p, err := x.play(without)
		if err != nil {
			return s, err
		}
		d.Needed = !p.shows(x.from.Verdict.Signature)
		s.Departures = append(s.Departures, *d)
	}
	dull := x.from.Input.clone()
	for i := range dull.Choices {
		dull.Choices[i].C = 0
	}
	p, err := x.play(dull)
	if err == nil {
		s.Dull = p.shows(x.from.Verdict.Signature)
	}
	return s, err
}

// noting follows a schedule and puts its departures in words.
type noting struct {
	*explore.Replay
	asked int
	list  []Departure
}

// Choose implements sim.Chooser.
func (n *noting) Choose(p *sim.Point, alternatives int) int {
	c := n.Replay.Choose(p, alternatives)
	n.asked++
	if c != 0 {
		n.list = append(n.list, Departure{Number: n.asked, At: p.Time, Text: departureWords(p, alternatives, c)})
	}
	return c
}

// departureWords says what was decided instead of what first come, first served would have.
func departureWords(p *sim.Point, n, c int) string {
	switch p.Kind {
	case sim.KindTask:
		return fmt.Sprintf("%s goes before %s, which was ready first", p.Task(c).Name, p.Task(0).Name)
	case sim.KindSwitch:
		return fmt.Sprintf("%s is interrupted before it can %s %s: %s goes first", p.Task(0).Name, p.Op, p.Object(), p.Task(c).Name)
	case sim.KindStall:
		return fmt.Sprintf("%s is put aside for %s", p.Task(0).Name, sim.StallLength(c))
	case sim.KindBarge:
		if c == n-1 {
			return fmt.Sprintf("%s is left to whoever comes first", p.Object())
		}
		fallthrough
	case sim.KindWaiter:
		return fmt.Sprintf("%s is given to number %d of those who wait for it", p.Object(), c+1)
	case sim.KindSelect:
		return fmt.Sprintf("of %d things that have happened, number %d is taken up first (%s)", n, c+1, p.Object())
	}
	return fmt.Sprintf("a decision of kind %s: number %d of %d", p.Kind, c+1, n)
}
