package explore

import (
	"errors"
	"slices"

	"bufsim/sim"
)

// Shrinker makes the schedule of a finding simpler while the finding stays the same: it
// takes stalls, interruptions and other departures from the dull schedule away, in halves,
// quarters and so on down to single ones, puts one interruption in place of two departures,
// and lowers what is left. What a run really decided is what is shrunk on, so a departure
// that has no effect any more is gone at once. At last it looks for schedules with fewer, but
// other departures, as long as there are attempts left.
type Shrinker struct {
	// Run plays the world once under c, which it must give to one world and nobody else,
	// and returns the signature of what it found; empty if nothing.
	Run func(c *Replay) (signature string)
	// Attempts is how many runs are made at most; 0 is 1,000.
	Attempts int
	// Progress, if set, is called after each run.
	Progress func(ShrinkProgress)
}

// ShrinkProgress is how far a shrinking is.
type ShrinkProgress struct {
	// Attempts is how many runs were made.
	Attempts int
	// Departures, Stalls and Switches are those of the best schedule so far.
	Departures, Stalls, Switches int
}

// Shrunk is what a shrinking came to.
type Shrunk struct {
	// Decisions is the simplest schedule found, cut after its last departure.
	Decisions Decisions
	// Signature is that of the finding, from the first to the last.
	Signature string
	Attempts  int
	// Complete: no single departure could be taken away or lowered. Otherwise the number of
	// attempts was too small.
	Complete bool
	// Others are findings with other signatures that were met on the way, in order.
	Others []OtherFinding
}

// OtherFinding is a finding that was not looked for.
type OtherFinding struct {
	Signature string
	Times     int
	// Example is the first schedule that had it.
	Example Decisions
}

// ErrNothingToShrink: the schedule to shrink finds nothing.
var ErrNothingToShrink = errors.New("the schedule finds nothing, so there is nothing to shrink")

const defaultAttempts = 1000

// Shrink shrinks a schedule that has a finding.
func (s Shrinker) Shrink(from Decisions) (Shrunk, error) {
	if s.Attempts == 0 {
		s.Attempts = defaultAttempts
	}
	x := &shrinking{Shrinker: s}
	signature, taken := x.run(from)
	if signature == "" {
		return Shrunk{Attempts: x.Shrunk.Attempts}, ErrNothingToShrink
	}
	x.Signature, x.Decisions = signature, trimmed(taken)
	for cost := (shrinkCost{}); cost != costOf(x.Decisions) && x.more(); {
		cost = costOf(x.Decisions)
		x.removeAll(func(d sim.Decision) bool { return d.Kind == sim.KindStall })
		x.removeAll(func(d sim.Decision) bool { return d.Kind == sim.KindSwitch })
		x.removeAll(func(sim.Decision) bool { return true })
		x.mergeAll()
		x.lower()
	}
	x.Complete = x.more()
	if x.Complete {
		x.afresh()
	}
	return x.Shrunk, nil
}

// shrinking is a Shrinker at work.
type shrinking struct {
	Shrinker
	Shrunk
}

func (x *shrinking) more() bool { return x.Shrunk.Attempts < x.Shrinker.Attempts }

// run plays a schedule and returns what came of it, and what was decided.
func (x *shrinking) run(d Decisions) (signature string, taken Decisions) {
	c := d.Replay()
	signature = x.Run(c)
	x.Shrunk.Attempts++
	if x.Progress != nil {
		all, stalls, switches := x.Decisions.Departures()
		x.Progress(ShrinkProgress{x.Shrunk.Attempts, all, stalls, switches})
	}
	return signature, c.Taken()
}

// trimmed cuts a schedule after its last departure.
func trimmed(d Decisions) Decisions {
	for n := len(d.List); n > 0 && d.List[n-1].C == 0; n-- {
		d.List = d.List[:n-1]
	}
	return d
}

// try plays a candidate and keeps it if it has the same finding and is simpler.
func (x *shrinking) try(d Decisions) bool {
	signature, taken := x.run(d)
	taken = trimmed(taken)
	if signature != x.Signature {
		x.note(signature, taken)
		return false
	}
	if !costOf(taken).less(costOf(x.Decisions)) {
		return false
	}
	x.Decisions = taken
	return true
}

func (x *shrinking) note(signature string, example Decisions) {
	if signature == "" {
		return
	}
	i := slices.IndexFunc(x.Others, func(o OtherFinding) bool { return o.Signature == signature })
	if i < 0 {
		x.Others = append(x.Others, OtherFinding{signature, 1, example})
		return
	}
	x.Others[i].Times++
}

// removeAll takes departures that match away: all, then ever smaller groups of neighbours.
func (x *shrinking) removeAll(match func(sim.Decision) bool) {
	for size := len(x.places(match)); size > 0; size /= 2 {
		for start := 0; x.more(); {
			places := x.places(match)
			if start >= len(places) {
				break
			}
			candidate := x.Decisions
			candidate.List = slices.Clone(candidate.List)
			for _, i := range places[start:min(start+size, len(places))] {
				candidate.List[i].C = 0
			}
			if !x.try(candidate) {
				start += size
			}
		}
	}
}

// mergeAll puts one interruption in place of two neighbouring departures.
func (x *shrinking) mergeAll() {
	every := func(sim.Decision) bool { return true }
	for i := 0; x.more(); {
		places := x.places(every)
		if i+1 >= len(places) {
			return
		}
		if !x.merge(places[i], places[i+1]) {
			i++
		}
	}
}

// mergeWidth is how many places for an interruption are tried.
const mergeWidth = 48

// merge takes two departures away and tries each interruption around where they were.
func (x *shrinking) merge(first, second int) bool {
	without := x.Decisions
	without.List = slices.Clone(without.List)
	without.List[first].C, without.List[second].C = 0, 0
	_, without = x.run(without)
	from, tried := max(first-mergeWidth/4, 0), 0
	for place := from; place < len(without.List) && tried < mergeWidth; place++ {
		d := without.List[place]
		if d.Kind != sim.KindSwitch || d.C > 0 {
			continue
		}
		tried++
		for c := int32(1); c < d.N && x.more(); c++ {
			candidate := without
			candidate.List = slices.Clone(candidate.List)
			candidate.List[place].C = c
			if x.try(candidate) {
				return true
			}
		}
	}
	return false
}

// places are the indices of the departures that match.
func (x *shrinking) places(match func(sim.Decision) bool) []int {
	var list []int
	for i, d := range x.Decisions.List {
		if d.C > 0 && match(d) {
			list = append(list, i)
		}
	}
	return list
}

// lower tries smaller alternatives for what is left: the smallest, half, one less.
func (x *shrinking) lower() {
	for n := 0; x.more(); n++ {
		places := x.places(func(sim.Decision) bool { return true })
		if n >= len(places) {
			return
		}
		for _, smaller := range []func(int32) int32{
			func(int32) int32 { return 1 },
			func(c int32) int32 { return c / 2 },
			func(c int32) int32 { return c - 1 },
		} {
			x.lowerAt(places[n], smaller)
		}
	}
}

// lowerAt lowers the alternative at a place as long as that works.
func (x *shrinking) lowerAt(place int, smaller func(int32) int32) {
	for x.more() && place < len(x.Decisions.List) {
		c := x.Decisions.List[place].C
		if smaller(c) >= c || smaller(c) < 1 {
			return
		}
		candidate := x.Decisions
		candidate.List = slices.Clone(candidate.List)
		candidate.List[place].C = smaller(c)
		if !x.try(candidate) {
			return
		}
	}
}

// shrinkCost orders schedules by how simple they are; what comes first counts most.
type shrinkCost struct{ stalls, switches, departures, values, length int }

func costOf(d Decisions) shrinkCost {
	cost := shrinkCost{length: len(d.List)}
	cost.departures, cost.stalls, cost.switches = d.Departures()
	for _, x := range d.List {
		cost.values += int(x.C)
	}
	return cost
}

func (c shrinkCost) less(d shrinkCost) bool {
	return slices.Compare(
		[]int{c.stalls, c.switches, c.departures, c.values, c.length},
		[]int{d.stalls, d.switches, d.departures, d.values, d.length}) < 0
}
