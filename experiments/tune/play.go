package tune

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/sim"
)

// variant is the scenario of one run: its reparents and its lag have their lengths.
func (p *Problem) variant(index int, seed uint64) (s *scenario.Scenario, prs, lag time.Duration, err error) {
	s = p.Scenario
	if !p.PRS.IsZero() {
		prs = p.PRS.draw(index, seed, "prs")
		if s, err = sweep.Vary(s, "prs", prs.String()); err != nil {
			return nil, 0, 0, err
		}
	}
	if !p.Lag.IsZero() {
		lag = p.Lag.draw(index, seed, "lag")
		if s, err = sweep.Vary(s, "lag", lag.String()); err != nil {
			return nil, 0, 0, err
		}
	}
	return s, prs, lag, nil
}

// Runs of a setting are played in batches, after each of which somebody looks whether it has
// missed the target already. The first batch has the longest and the shortest outage: most
// settings that miss the target do so there, and cost no more than these. What is played
// does not depend on the cores.
const (
	firstLook = 2
	batch     = 6
)

// play adds runs to an outcome until it has as many as wanted, or has missed the target
// and missed is not nil. first is the seed of its first run.
func (p *Problem) play(ctx context.Context, o *Outcome, first uint64, runs int, missed func(*Outcome) string) error {
	for len(o.Runs) < runs {
		if missed != nil && len(o.Runs) > 0 && missed(o) != "" {
			return nil
		}
		until := len(o.Runs) + batch
		if missed != nil && len(o.Runs) < firstLook {
			until = firstLook
		}
		var indexes []int
		for i := len(o.Runs); i < min(runs, until); i++ {
			indexes = append(indexes, i)
		}
		if err := p.together(ctx, o, first, indexes); err != nil {
			return err
		}
	}
	return nil
}

// together plays the runs with some numbers on all cores and adds them to an outcome.
func (p *Problem) together(ctx context.Context, o *Outcome, first uint64, indexes []int) error {
	list, errs := make([]*Run, len(indexes)), make([]error, len(indexes))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(indexes)) {
		wg.Go(func() {
			pool := sim.NewPool()
			defer pool.Close()
			for i := range next {
				list[i], errs[i] = p.one(o.Setting, indexes[i], first+uint64(indexes[i]), pool)
			}
		})
	}
	for i := 0; i < len(list) && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	for i := range list {
		if errs[i] != nil {
			return errs[i]
		}
		if list[i] == nil {
			break // interrupted before it
		}
		o.add(*list[i])
		p.tell()
	}
	return ctx.Err()
}

// one plays one run.
func (p *Problem) one(s Setting, index int, seed uint64, pool *sim.Pool) (run *Run, err error) {
	if p.stub != nil {
		return p.stub(s, index, seed), nil
	}
	sc, prs, lag, err := p.variant(index, seed)
	if err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			err = &OurFault{Seed: seed, Detail: fmt.Sprintf("panic: %v\n%s", v, debug.Stack())}
		}
	}()
	result, err := runner.Run(sc, runner.Options{Seed: seed, Release: p.Profile, Flags: s.apply(p.Base), Pool: pool})
	if err != nil {
		return nil, err
	}
	if result.Outcome.Failed() {
		return nil, &OurFault{Seed: seed, Detail: result.Outcome.Detail}
	}
	return newRun(result, seed, prs, lag, p.intervals())
}

// OurFault says that the simulated program failed, which no setting may make it do.
type OurFault struct {
	Seed   uint64
	Detail string
}

func (e *OurFault) Error() string {
	return fmt.Sprintf("seed %d: the simulated program failed:\n%s", e.Seed, e.Detail)
}

// intervals are the times in which the clients of a group that wait for an answer would have
// sent their next statement; groups whose arrivals wait for nothing have none.
func (p *Problem) intervals() map[string]time.Duration {
	list := map[string]time.Duration{}
	for i, g := range p.Scenario.Workload {
		name := g.Name
		if name == "" {
			name = fmt.Sprintf("group-%d", i+1)
		}
		switch {
		case g.Closed != nil:
			list[name] = g.Closed.Think.Sim().Median()
		case g.Gateslap != nil:
			c := g.Gateslap.Config.Gateslap
			list[name] = (c.SleepMin + c.SleepMax) / 2
		}
	}
	return list
}

// valid reports whether the release accepts a setting, and its text if it does not.
func (p *Problem) valid(s Setting) error { return flags.Validate(s.apply(p.Base), p.Profile) }
