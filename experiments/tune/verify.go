package tune

import (
	"strings"

	"bufsim/model/vterr"
)

const (
	// freshSeeds begin far behind those of any search; each try has a block of its own.
	freshSeeds = 1_000_000
	// tries is how often a result may grow after a miss.
	tries = 4
)

// verify plays a setting with fresh seeds. If it misses the target there, it grows: in
// size if the buffer was full, else in its window. What fails for a reason about which no
// flag decides makes nothing grow.
func (s *search) verify(set Setting) error {
	for try := range uint64(tries) {
		o := &Outcome{Setting: set}
		first := s.first() + (try+1)*freshSeeds
		if err := s.play(s.ctx, o, first, s.Verify, s.avoidablyMissed); err != nil {
			return err
		}
		if s.avoidablyMissed(o) == "" {
			return s.settled(o, first)
		}
		s.advice.cover(o)
		s.advice.Below = append(s.advice.Below, Shortfall{
			Flag: "setting", Value: set.String(), Missed: "with fresh seeds, " + s.Target.Missed(o), Causes: o.Causes(),
		})
		next, ok := s.grown(set, o)
		if !ok {
			break
		}
		set = next
	}
	s.advice.Setting = nil
	return nil
}

// avoidablyMissed is what an outcome breaks for reasons about which flags decide.
func (s *search) avoidablyMissed(o *Outcome) string { return s.Target.missed(o, true) }

// settled notes an outcome with fresh seeds that the search is content with. Where it still
// misses the target, the largest candidates show with the same seeds whether that can be
// helped.
func (s *search) settled(o *Outcome, first uint64) (err error) {
	a := s.advice
	a.cover(o)
	a.Verdict, a.Setting, a.Remaining, a.Memory.HighWater = Recommended, &o.Setting, o.Causes(), o.HighWater()
	if a.Held, err = held(o, first); err != nil || s.Target.Missed(o) == "" {
		return err
	}
	a.Verdict = Unavoidable
	list, _ := s.diagonal(last(s.candidates.Drains))
	largest := &Outcome{Setting: last(list)}
	if err := s.play(s.ctx, largest, first, s.Verify, nil); err != nil {
		return err
	}
	a.cover(largest)
	a.Largest, err = held(largest, first)
	if s.Target.Missed(largest) == "" {
		a.Verdict = Inconclusive
		a.note("The largest candidates (%s) had no such failure with the same seeds, so that larger ones may help.", largest.Setting)
	}
	return err
}

// grown is the next larger setting.
func (s *search) grown(set Setting, o *Outcome) (Setting, bool) {
	if full(o) {
		for _, n := range s.candidates.Sizes {
			if n > set.Size {
				set.Size = n
				return set, true
			}
		}
		return set, false
	}
	for _, w := range s.candidates.Windows {
		if w <= set.Window {
			continue
		}
		set.Window, set.Max = w, max(set.Max, w)
		if m, ok := s.candidates.limit(w); len(s.candidates.Maxes) > 0 {
			set.Max = m
			if !ok {
				return set, false
			}
		}
		gap, ok := s.candidates.gap(set.Max, s.Problem)
		set.Gap = max(set.Gap, gap)
		return set, ok && s.valid(set) == nil
	}
	return set, false
}

// full reports whether requests failed because the buffer was full.
func full(o *Outcome) bool {
	for _, c := range o.Causes() {
		if strings.Contains(c.Text, vterr.ErrBufferFull.Error()) || strings.Contains(c.Text, vterr.ErrBufferEvicted.Error()) {
			return true
		}
	}
	return false
}

// impossible tells what the candidates that came closest missed.
func (s *search) impossible() error {
	s.advice.Verdict, s.advice.Below = Impossible, nil
	best := s.known[s.order[0]]
	for _, set := range s.order {
		if o := s.known[set]; o.Hit()*len(best.Runs) < best.Hit()*len(o.Runs) {
			best = o
		}
	}
	s.shortfall("setting", best.Setting.String(), best.Setting)
	return s.curve()
}
