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

// levelOf is the level of the two-sided interval in whose upper end a try's result may lie
// with certainty. The first try leaves 2.5 % to chance, and the later ones share another
// 2.5 %: a result may grow until it holds by luck, and with all tries together the bound is
// broken in at most 5 % of all searches.
func levelOf(try int) float64 {
	if try == 0 {
		return level
	}
	return 1 - (1-level)/(tries-1)
}

// verify plays a setting with fresh seeds. Where it misses the target, the best setting of the
// search plays the same seeds, too. What fails there as well no setting avoids; else the
// setting grows: in size if the buffer was full, else in its window.
func (s *search) verify(set Setting) error {
	for try := range tries {
		o := &Outcome{Setting: set}
		first := s.first() + uint64(try+1)*freshSeeds
		if err := s.fresh(o, first); err != nil {
			return err
		}
		if s.missed(o) == "" {
			return s.settled(o, first, try)
		}
		s.advice.cover(o)
		s.advice.Below = append(s.advice.Below, Shortfall{
			Flag: "setting", Value: set.String(), Missed: "with fresh seeds, " + s.missed(o), Causes: o.Causes(),
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

// fresh plays an outcome until it has all of its runs, or has missed the target by what the
// best setting avoids with the same seeds.
func (s *search) fresh(o *Outcome, first uint64) error {
	best := &Outcome{Setting: s.best().Setting}
	looked := 0
	for {
		if err := s.play(s.ctx, o, first, s.Verify, s.missed); err != nil {
			return err
		}
		var seeds []int
		for ; looked < len(o.Runs); looked++ {
			r := &o.Runs[looked]
			if s.avoidable(r) > 0 || r.Errors > 0 && len(best.Runs)+len(seeds) < besides {
				seeds = append(seeds, looked)
			}
		}
		if len(seeds) > 0 {
			if err := s.together(s.ctx, best, first, seeds); err != nil {
				return err
			}
			s.tolerate(best)
		}
		if len(o.Runs) == s.Verify || s.missed(o) != "" {
			s.advice.cover(best)
			s.bestFresh = best
			return nil
		}
	}
}

// besides is how many runs the best setting plays at least, if as many have failed statements,
// where the flags decide about none of them: for comparison.
const besides = 30

// best is the outcome with all of its runs and the fewest failed statements; of equal ones,
// that with the largest window.
func (s *search) best() *Outcome {
	var best *Outcome
	fewest := 0
	for _, set := range s.order {
		o := s.known[set]
		if len(o.Runs) < s.Seeds {
			continue
		}
		n := 0
		for i := range o.Runs {
			n += o.Runs[i].Errors
		}
		if best == nil || n < fewest || n == fewest && set.Window > best.Setting.Window {
			best, fewest = o, n
		}
	}
	return best
}

// tolerate lets what failed in the runs of an outcome fail with the same seeds in others.
func (s *search) tolerate(o *Outcome) {
	for i := range o.Runs {
		s.tolerated[o.Runs[i].Seed] = o.Runs[i].avoidable()
	}
}

// avoidable counts the failed statements of a run that neither stand elsewhere nor fail at
// the best setting.
func (s *search) avoidable(r *Run) int { return max(0, r.avoidable()-s.tolerated[r.Seed]) }

// missed is what an outcome breaks for reasons that a setting avoids.
func (s *search) missed(o *Outcome) string { return s.Target.missed(o, s.avoidable) }

// settled notes an outcome with fresh seeds that the search is content with.
func (s *search) settled(o *Outcome, first uint64, try int) (err error) {
	a := s.advice
	a.cover(o)
	a.Verdict, a.Setting, a.Remaining, a.Memory.HighWater = Recommended, &o.Setting, o.Causes(), o.HighWater()
	if a.Held, err = held(o, first, levelOf(try)); err != nil || s.Target.Missed(o) == "" {
		return err
	}
	a.Verdict = Unavoidable
	if len(s.bestFresh.Runs) > 0 {
		a.Best, err = held(s.bestFresh, first, level)
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

// hopeless is the share of runs with failed statements from which on the best setting is
// none to be content with.
const hopeless = 0.5

// content lowers the search's aim to that of its best setting, where nothing met the target
// and few runs of the best one missed it. It reports whether that was possible.
func (s *search) content() (bool, error) {
	closest := s.closest()        // though its first few runs may all have missed
	for _, set := range s.order { // early ends say nothing about how many runs miss
		o := s.known[set]
		if len(o.Runs) < s.Seeds && s.Target.Missed(o) != "" && (o == closest || 2*o.Hit() <= len(o.Runs)) {
			if err := s.play(s.ctx, o, s.first(), s.Seeds, nil); err != nil {
				return false, err
			}
		}
	}
	best := s.best()
	if best == nil || float64(best.Hit()) > hopeless*float64(len(best.Runs)) || len(s.tolerated) > 0 {
		return false, nil
	}
	s.tolerate(best)
	return s.missed(best) == "", nil
}

// impossible tells what the candidate that came closest missed.
func (s *search) impossible() error {
	s.advice.Verdict, s.advice.Below = Impossible, nil
	best := s.closest()
	if err := s.play(s.ctx, best, s.first(), s.Seeds, nil); err != nil {
		return err
	}
	s.shortfall("setting", best.Setting.String(), best.Setting)
	return s.curve()
}

// closest is the outcome with the fewest failed statements a run; of equal ones, that with the
// largest window. Its runs may be few.
func (s *search) closest() *Outcome {
	var best *Outcome
	for _, set := range s.order {
		o := s.known[set]
		if best == nil || o.errorsMean() < best.errorsMean() || o.errorsMean() == best.errorsMean() && set.Window > best.Setting.Window {
			best = o
		}
	}
	return best
}
