package hunt

import (
	"context"
	"fmt"

	"bufsim/experiments/invariant"
	"bufsim/sim"
)

// ShrinkOptions are how to shrink a case.
type ShrinkOptions struct {
	Invariants []invariant.Invariant
	// Progress is told after each step forward.
	Progress func(ShrinkProgress)
	// Other is given what else is found on the way, once for each signature.
	Other func(*Case)
}

// ShrinkProgress is how far shrinking is.
type ShrinkProgress struct {
	Pass         string
	Tried, Kept  int
	Size         int // of what happens
	Choices, All int // of the schedule: those that are not the first alternative, and all
}

// Shrink makes a case smaller as long as it shows the same signature: first what happens, then
// times and flags, then stalls, then the schedule. It ends early when ctx does; what it gives
// then is the best so far. An error means that the case does not show its finding.
func Shrink(ctx context.Context, c *Case, opts ShrinkOptions) (*Case, error) {
	s := &shrinker{ctx: ctx, opts: opts, want: c.Verdict.Signature, best: c, seen: map[string]bool{c.Verdict.Signature: true}}
	defer func() {
		if s.pool != nil {
			s.pool.Close()
		}
	}()
	s.pool = sim.NewPool()
	if !s.play(c.Input.clone(), func(*Case) bool { return true }) {
		return nil, fmt.Errorf("the case does not show %s", s.want)
	}
	for s.more() {
		before := s.kept
		for _, p := range passes() {
			s.pass = p.name
			p.run(s)
		}
		if s.kept == before {
			break
		}
	}
	return s.best, nil
}

// shrinker is a shrinking under way.
type shrinker struct {
	ctx         context.Context
	opts        ShrinkOptions
	pool        *sim.Pool
	want        string
	best        *Case
	pass        string
	tried, kept int
	budget      int // bounds the tries; 0 does not
	seen        map[string]bool
}

// pass is one way to make a case smaller.
type pass struct {
	name string
	run  func(*shrinker)
}

func passes() []pass {
	return []pass{
		{"steps", shrinkSteps},
		{"shards", shrinkShards},
		{"faults", shrinkFaults},
		{"operations", shrinkOperations},
		{"clients", shrinkClients},
		{"cluster", shrinkCluster},
		{"flags", shrinkFlags},
		{"details", shrinkDetails},
		{"times", shrinkTimes},
		{"stalls", shrinkStalls},
		{"schedule", shrinkSchedule},
	}
}

func (s *shrinker) more() bool {
	return s.ctx.Err() == nil && (s.budget == 0 || s.tried < s.budget)
}

// schedulesTried is how many other schedules of the same strategy a smaller input gets before
// it is given up.
const schedulesTried = 8

// try plays a smaller input: by the recorded choices, as far as they fit, by the strategy
// itself, and under other schedules of it. It keeps the first run that shows the finding.
func (s *shrinker) try(in *Input) bool {
	if s.play(in, anyCase) {
		return true
	}
	for i := range uint64(schedulesTried) {
		other := in.clone()
		other.Choices = nil
		other.Schedule += i
		if !s.more() {
			return false
		}
		if s.play(other, anyCase) {
			return true
		}
	}
	return false
}

func anyCase(*Case) bool { return true }

// play plays an input once and keeps it if it shows the finding and is good enough.
func (s *shrinker) play(in *Input, good func(*Case) bool) bool {
	if !s.more() {
		return false
	}
	s.tried++
	p, err := safely(in, PlayOptions{Invariants: s.opts.Invariants, Pool: s.pool, MaxSteps: s.limit()})
	if err != nil {
		return false // the smaller input makes no sense
	}
	shows := false
	for _, f := range p.findings() {
		c := newCase(in, p, &f)
		switch {
		case f.Signature == s.want && good(c):
			c.Input.Choices = trimmed(c.Input.Choices)
			s.best, shows = c, true
			s.kept++
		case !s.seen[f.Signature]:
			s.seen[f.Signature] = true
			if s.opts.Other != nil {
				s.opts.Other(c)
			}
		}
	}
	if shows && s.opts.Progress != nil {
		all, choices := s.best.decisions()
		s.opts.Progress(ShrinkProgress{s.pass, s.tried, s.kept, s.best.size(), choices, all})
	}
	return shows
}

// limit is how long a smaller run may become before it gets nowhere.
func (s *shrinker) limit() uint64 { return 4*s.best.Steps + 100_000 }

// trimmed cuts off the end of a log that takes first alternatives, which is what happens
// without a log. One decision stays, so that there is a log.
func trimmed(log []sim.Decision) []sim.Decision {
	n := len(log)
	for n > 1 && log[n-1].C == 0 {
		n--
	}
	return log[:n:n]
}

// remove takes away parts of a list of n things, large parts first, as long as that works.
// without gives the input without things from..to.
func (s *shrinker) remove(count func() int, without func(from, to int) *Input) {
	for size := max(count()/2, 1); size > 0 && s.more(); size /= 2 {
		for to := count(); to > 0; {
			from := max(to-size, 0)
			if in := without(from, to); in != nil && s.try(in) {
				to = min(from, count())
				continue
			}
			to = from
		}
	}
}

// shrinkStalls takes stalls out, all of them first.
func shrinkStalls(s *shrinker) {
	s.zero(func(d sim.Decision) bool { return d.Kind == sim.KindStall })
}

// shrinkSchedule takes first alternatives wherever that works, so that the choices that matter
// remain.
func shrinkSchedule(s *shrinker) {
	s.shorten()
	s.zero(func(sim.Decision) bool { return true })
	s.afresh()
	s.simplify()
}

// shorten finds the shortest beginning of the log that still shows the finding.
func (s *shrinker) shorten() {
	low, high := 0, len(s.best.Input.Choices)
	for low+1 < high && s.more() {
		mid := (low + high) / 2
		in := s.best.Input.clone()
		in.Choices = in.Choices[:mid]
		if s.play(in, anyCase) {
			high = min(mid, len(s.best.Input.Choices))
		} else {
			low = mid
		}
	}
}

// zero makes choices of a sort the first alternative, many at a time first.
func (s *shrinker) zero(sort func(sim.Decision) bool) {
	places := func() (list []int) {
		for i, d := range s.best.Input.Choices {
			if d.C != 0 && sort(d) {
				list = append(list, i)
			}
		}
		return list
	}
	for size := max(len(places()), 1); size > 0 && s.more(); size /= 2 {
		for to := len(places()); to > 0 && s.more(); {
			list := places()
			to = min(to, len(list))
			from := max(to-size, 0)
			in := s.best.Input.clone()
			for _, i := range list[from:to] {
				in.Choices[i].C = 0
			}
			s.play(in, s.fewer)
			to = from
		}
	}
}

// fewer accepts a case with fewer choices that matter.
func (s *shrinker) fewer(c *Case) bool {
	_, had := s.best.decisions()
	_, has := c.decisions()
	return has < had
}
