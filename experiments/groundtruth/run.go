package groundtruth

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"bufsim/experiments/runner"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// player plays one measured run's shape with any seed.
type player struct {
	measured *Measured
	opts     runner.Options
}

func newPlayer(m *Measured) (*player, error) {
	p, err := release.Lookup(Release)
	if err != nil {
		return nil, err
	}
	parsed, err := flags.Parse(m.Flags, p)
	if err != nil {
		return nil, err
	}
	if parsed.Flags.VTTablet.HealthCheckInterval, err = m.healthCheckInterval(); err != nil {
		return nil, err
	}
	opts := runner.Options{Release: p, Flags: parsed.Flags, Details: true, FinishOperations: true}
	return &player{m, opts}, nil
}

// play plays the shape once and reads the figures off.
func (p *player) play(seed uint64) (figures, error) {
	m, err := p.measured.startedAfter(seed)
	if err != nil {
		return nil, err
	}
	s, err := m.Shape()
	if err != nil {
		return nil, err
	}
	opts := p.opts
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(tablet.KindHealth), string(tablet.KindLife), string(trace.KindHost)}})
	opts.Seed, opts.Sink = seed, rec
	r, err := runner.Run(s, opts)
	if err != nil {
		return nil, err
	}
	if r.Outcome.Failed() {
		return nil, fmt.Errorf("%s, seed %d: %s", m.Name, seed, r.Outcome.Detail)
	}
	return m.simulated(r, rec.Events()), nil
}

// Play plays measured runs with each of the seeds 1 to seeds, on all processors, and compares.
// Done is called after each run.
func Play(runs []*Measured, seeds int, done func()) ([]*Comparison, error) {
	players := make([]*player, len(runs))
	for i, m := range runs {
		p, err := newPlayer(m)
		if err != nil {
			return nil, err
		}
		players[i] = p
	}
	type job struct{ run, seed int }
	var jobs []job
	for i := range runs {
		for s := range seeds {
			jobs = append(jobs, job{i, s})
		}
	}
	// The long runs first, so that no processor is left alone with one at the end.
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(runs[b.run].OK, runs[a.run].OK) })
	results := make([][]figures, len(runs))
	for i := range results {
		results[i] = make([]figures, seeds)
	}
	errs := make([]error, len(jobs))
	next := make(chan int)
	var wg sync.WaitGroup
	var told sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range next {
				j := jobs[n]
				results[j.run][j.seed], errs[n] = players[j.run].play(uint64(j.seed) + 1)
				told.Lock()
				done()
				told.Unlock()
			}
		})
	}
	for n := range jobs {
		next <- n
	}
	close(next)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	list := make([]*Comparison, len(runs))
	for i, m := range runs {
		list[i] = compare(m, m.figures(), results[i])
	}
	return list, nil
}

// shortSeries is a series of the buffer without the labels that all have.
func shortSeries(name string) string {
	name = strings.TrimPrefix(name, "vtgate_")
	for _, label := range []string{`keyspace="commerce"`, `shard_name="0"`} {
		name = strings.NewReplacer(label+",", "", ","+label, "", label, "").Replace(name)
	}
	return strings.TrimSuffix(strings.ReplaceAll(name, `"`, ""), "{}")
}
