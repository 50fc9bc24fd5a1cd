package hunt

import (
	"fmt"
	"slices"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// readable is how many choices a schedule may have that are not the first alternative, and still
// be told in words.
const readable = 3

// afresh looks for a schedule that departs from the dull one once, then for one that does twice,
// and so on, as long as that is fewer than the best has: what takes choices away ends where each
// single one is needed.
func (s *shrinker) afresh() {
	for n := 1; n <= readable && s.more(); n++ {
		if _, has := s.best.decisions(); has <= n {
			return
		}
		for seed := range uint64(attempts(s.best) / 4) {
			in := s.best.Input.clone()
			in.Policy, in.Schedule, in.Choices = fmt.Sprintf("delay:%d", n), seed, nil
			length := len(s.best.Input.Choices)
			in.via = func(*explore.Replay) sim.Chooser { return explore.NewDelaying(seed, n, length) }
			if s.play(in, s.fewer) || !s.more() {
				break
			}
		}
	}
}

// simplify puts one interruption in place of several choices, and takes such away as have no
// effect any more.
func (s *shrinker) simplify() {
	if _, has := s.best.decisions(); has <= readable {
		return
	}
	x := explore.Shrinker{Attempts: attempts(s.best), Run: func(r *explore.Replay) string {
		if s.tried++; s.more() && s.shows(func(*explore.Replay) sim.Chooser { return r }) {
			return s.want
		}
		return ""
	}}
	_, replay, err := s.best.Input.chooser()
	if err != nil {
		return
	}
	simple, err := x.Shrink(explore.Decisions{Preempts: replay.Preempts(), List: s.best.Input.Choices})
	if err != nil {
		return // interrupted: the best does show the finding
	}
	in := s.best.Input.clone()
	in.Choices = simple.Decisions.List
	s.play(in, s.fewer)
}

// shows plays the best input under a chooser.
func (s *shrinker) shows(via func(*explore.Replay) sim.Chooser) bool {
	in := s.best.Input.clone()
	in.via = via
	p, err := safely(in, PlayOptions{Invariants: s.opts.Invariants, Pool: s.pool, MaxSteps: s.limit()})
	return err == nil && p.shows(s.want)
}

// attempts is how many schedules are worth trying: as many as take a few seconds.
func attempts(c *Case) int {
	const steps, most, least = 1_000_000, 240, 40
	return int(min(max(steps/max(c.Steps, 1), least), most))
}

// shows reports whether a run has a finding of a signature.
func (p *Played) shows(signature string) bool {
	return slices.ContainsFunc(p.findings(), func(f Finding) bool { return f.Signature == signature })
}
