package tune

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bufsim/model/flags"
)

// search is a solution under way.
type search struct {
	*Problem
	ctx        context.Context
	candidates Candidates
	known      map[Setting]*Outcome
	order      []Setting // of known, as they were played
	advice     *Advice
	// tolerated are the failed statements of each seed that not even the best setting avoids.
	tolerated map[uint64]int
	bestFresh *Outcome
}

// errNone says that no candidate met the target.
var errNone = errors.New("no candidate met the target")

// Solve finds the smallest settings that meet the problem's target. An interrupt of ctx
// gives the advice as far as it is known, with its error. Every other error means that
// the problem cannot be played.
func Solve(ctx context.Context, p *Problem) (*Advice, error) {
	s := &search{Problem: p, ctx: ctx, candidates: p.Candidates.complete(p), known: map[Setting]*Outcome{}, tolerated: map[uint64]int{}}
	s.advice = &Advice{
		Verdict: Inconclusive, Scenario: p.Scenario.Name, Release: p.Profile.Name, Target: p.Target.String(),
		Assumptions: append(slices.Clone(p.Assumptions), p.assumed()...),
	}
	err := s.solve()
	if errors.Is(err, errNone) {
		var again bool
		if again, err = s.content(); again && err == nil {
			s.advice.Below = nil
			err = s.solve()
		} else if err == nil {
			err = errNone
		}
	}
	if errors.Is(err, errNone) {
		err = s.impossible()
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	s.advice.Interrupted = err != nil
	if e := s.finish(); e != nil {
		return nil, e
	}
	return s.advice, err
}

// solve narrows one flag after the other and verifies what it comes to.
func (s *search) solve() error {
	found, err := s.window()
	if err != nil {
		return err
	}
	for _, narrow := range []func(Setting) (Setting, error){s.limit, s.size, s.drain, s.gap} {
		if found, err = narrow(found); err != nil {
			return err
		}
	}
	s.advice.Setting = &found
	if err := s.verify(found); err != nil {
		return err
	}
	return s.curve()
}

// diagonal lists the settings with each window that the release accepts, the smallest
// maximum failover duration and gap that go with it, and all places that one could want.
func (s *search) diagonal(drain int) (list []Setting, refused error) {
	for _, w := range s.candidates.Windows {
		limit, ok := s.candidates.limit(w)
		gap, ok2 := s.candidates.gap(limit, s.Problem)
		if !ok || !ok2 {
			refused = errors.Join(refused, fmt.Errorf("window %v: no candidate of the other durations goes with it", w))
			continue
		}
		set := Setting{Window: w, Max: limit, Gap: gap, Size: last(s.candidates.Sizes), Drain: drain}
		if err := s.valid(set); err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		list = append(list, set)
	}
	return list, refused
}

// window finds the smallest window. Where none does with one drain at a time it tries the
// largest concurrency, and then the largest maximum failover duration.
func (s *search) window() (Setting, error) {
	drains := []int{s.candidates.Drains[0]}
	if most := last(s.candidates.Drains); most != drains[0] {
		drains = append(drains, most)
	}
	for i, drain := range drains {
		list, refused := s.diagonal(drain)
		if len(list) == 0 {
			return Setting{}, fmt.Errorf("%w: vtgate %s refuses all of them:\n%w", errRefused, s.Profile.Name, refused)
		}
		if i == 0 {
			if err := s.pilot(last(list)); err != nil {
				return Setting{}, err
			}
		}
		found, err := s.smallest("buffer-window", list)
		if !errors.Is(err, errNone) {
			return found, err
		}
	}
	return s.longerFailover()
}

var errRefused = errors.New("no combination of the candidates can be used")

// ErrRefused reports whether an error of [Solve] says that the release's own checks refuse
// every combination of the candidates.
func ErrRefused(err error) bool { return errors.Is(err, errRefused) }

// pilot plays one run to know what runs cost.
func (s *search) pilot(set Setting) error {
	o := s.outcome(set)
	if err := s.play(s.ctx, o, s.first(), 1, nil); err != nil {
		return err
	}
	s.scale(o.Runs[0].Steps)
	return nil
}

// longerFailover tries each window with the longest maximum failover duration: requests that
// come late are held, although the first ones are given up.
func (s *search) longerFailover() (Setting, error) {
	if len(s.candidates.Maxes) > 0 {
		return Setting{}, errNone
	}
	var list []Setting
	longest := last(s.candidates.Windows)
	for _, w := range s.candidates.Windows {
		gap, ok := s.candidates.gap(longest, s.Problem)
		set := Setting{Window: w, Max: longest, Gap: gap, Size: last(s.candidates.Sizes), Drain: last(s.candidates.Drains)}
		if ok && w < longest && s.valid(set) == nil {
			list = append(list, set)
		}
	}
	return s.smallest("buffer-window", list)
}

// limit narrows the maximum failover duration where it is larger than the window.
func (s *search) limit(found Setting) (Setting, error) {
	if m, ok := s.candidates.limit(found.Window); ok && m >= found.Max {
		return found, nil
	}
	var list []Setting
	for _, m := range s.candidates.Windows {
		set := found
		set.Max = m
		if gap, ok := s.candidates.gap(m, s.Problem); ok && m >= found.Window && m <= found.Max {
			set.Gap = gap
			list = append(list, set)
		}
	}
	return s.smallest("buffer-max-failover-duration", list)
}

// size narrows the size, from the first candidate that holds all that was ever held.
func (s *search) size(found Setting) (Setting, error) {
	var list []Setting
	for _, n := range s.candidates.Sizes {
		set := found
		set.Size = n
		list = append(list, set)
		if int64(n) >= 2*s.known[found].HighWater() {
			break
		}
	}
	return s.smallest("buffer-size", list)
}

// drain narrows the drain concurrency.
func (s *search) drain(found Setting) (Setting, error) {
	if found.Drain == s.candidates.Drains[0] {
		return found, nil
	}
	var list []Setting
	for _, n := range s.candidates.Drains {
		set := found
		set.Drain = n
		list = append(list, set)
	}
	return s.smallest("buffer-drain-concurrency", list)
}

// gap keeps Vitess's default where the runs do not decide.
func (s *search) gap(found Setting) (Setting, error) {
	usual := found
	usual.Gap = max(flags.Defaults(s.Profile).VTGate.BufferMinTimeBetweenFailovers, found.Gap)
	if len(s.candidates.Gaps) > 0 || usual.Gap == found.Gap {
		return found, nil
	}
	met, err := s.met(usual)
	switch {
	case err != nil:
		return found, err
	case !met:
		s.shortfall("buffer-min-time-between-failovers", usual.Gap.String(), usual)
		return found, nil
	}
	s.advice.note("The runs do not decide the time between failovers: it stays at %v.", usual.Gap)
	return usual, nil
}

func last[T any](list []T) T { return list[len(list)-1] }

func (s *search) first() uint64 { return max(1, s.First) }

// outcome gives the runs of a setting so far.
func (s *search) outcome(set Setting) *Outcome {
	if s.known[set] == nil {
		s.known[set] = &Outcome{Setting: set}
		s.order = append(s.order, set)
	}
	return s.known[set]
}

// met plays a setting until it has missed the target or has all of its runs.
func (s *search) met(set Setting) (bool, error) {
	o := s.outcome(set)
	if err := s.play(s.ctx, o, s.first(), s.Seeds, s.missed); err != nil {
		return false, err
	}
	return s.missed(o) == "", nil
}

// shortfall notes that a setting misses the target; what it misses is said when all is played.
func (s *search) shortfall(flag, value string, set Setting) {
	s.advice.Below = append(s.advice.Below, Shortfall{Flag: flag, Value: value, outcome: s.outcome(set)})
}

// valueOf is the value of a flag in a setting.
func valueOf(flag string, set Setting) string {
	for _, d := range flags.Descriptions() {
		if d.Name == flag {
			return d.Value(set.apply(flags.Set{}))
		}
	}
	return ""
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
