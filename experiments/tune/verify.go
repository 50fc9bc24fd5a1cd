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

// verify plays a setting with fresh seeds. If it misses the target there, the best setting
// of the search plays them, too. What fails there as well no setting avoids; else the
// setting grows: in size if the buffer was full, else in its window.
func (s *search) verify(set Setting) error {
	for try := range uint64(tries) {
		o := &Outcome{Setting: set}
		first := s.first() + (try+1)*freshSeeds
		if err := s.play(s.ctx, o, first, s.Verify, s.missed); err != nil {
			return err
		}
		if s.missed(o) != "" || s.Target.Missed(o) != "" {
			if err := s.besides(o, first); err != nil {
				return err
			}
		}
		if s.missed(o) == "" {
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

// besides plays the best setting with the seeds of an outcome, and the outcome to its end
// if it does not miss the target for another reason.
func (s *search) besides(o *Outcome, first uint64) error {
	best := &Outcome{Setting: s.best().Setting}
	if err := s.play(s.ctx, best, first, s.Verify, nil); err != nil {
		return err
	}
	s.advice.cover(best)
	s.bestFresh = best
	s.tolerate(best)
	return s.play(s.ctx, o, first, s.Verify, s.missed)
}

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
func (s *search) settled(o *Outcome, first uint64) (err error) {
	a := s.advice
	a.cover(o)
	a.Verdict, a.Setting, a.Remaining, a.Memory.HighWater = Recommended, &o.Setting, o.Causes(), o.HighWater()
	if a.Held, err = held(o, first); err != nil || s.Target.Missed(o) == "" {
		return err
	}
	a.Verdict = Unavoidable
	a.Best, err = held(s.bestFresh, first)
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
	for _, set := range s.order { // early ends say nothing about how many runs miss
		if o := s.known[set]; len(o.Runs) < s.Seeds && s.Target.Missed(o) != "" && 2*o.Hit() <= len(o.Runs) {
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

// impossible tells what the candidates that came closest missed.
func (s *search) impossible() error {
	s.advice.Verdict, s.advice.Below = Impossible, nil
	best := s.best()
	if best == nil {
		best = s.known[s.order[0]]
	}
	s.shortfall("setting", best.Setting.String(), best.Setting)
	return s.curve()
}
