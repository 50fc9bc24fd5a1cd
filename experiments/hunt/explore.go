package hunt

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/trace"
)

// Options are how to explore. The zero value plays nothing: give Runs, Steps or Time.
type Options struct {
	// Release is fixed, or drawn if empty. Switches turn some of its behaviour.
	Release  string
	Switches []string
	Seed     uint64
	// Runs, Steps and Time bound the exploration; what comes first ends it.
	Runs  int
	Steps uint64
	Time  time.Duration
	// First ends it at the first finding, Until at the first of this signature.
	First bool
	Until string
	// Worlds are the names of the worlds to play; none means all.
	Worlds []string
	// Faults are kinds of faults, or patterns, that clusters draw from, or [NoFaults]; none means
	// all of them.
	Faults []string
	// Policies are strategies of package explore to draw from; none means the portfolio.
	Policies []string
	// Flags are fixed, name=value; Draw, if set, draws the inputs instead of the world's own.
	Flags []string
	Draw  func(d *Draw, in *Input)
	// Invariants watch the runs; nil are [Invariants].
	Invariants []invariant.Invariant
	Jobs       int // how many run at a time; 0 is the number of processors

	// Verbose is told each input before its run, Found each finding when it is first seen,
	// Progress how far it is. They are called by one goroutine at a time.
	Verbose  func(run int, line string)
	Found    func(*Finding)
	Progress func(Progress)
}

// Progress is how far an exploration is.
type Progress struct {
	Runs, Findings, Reached int
	Steps                   uint64
	Elapsed                 time.Duration
}

// Report is what came out of an exploration.
type Report struct {
	Release  string         `json:"release"`
	Seed     uint64         `json:"seed"`
	Runs     int            `json:"runs"`
	Failing  int            `json:"failing_runs"`
	Steps    uint64         `json:"steps"`
	Elapsed  time.Duration  `json:"elapsed_ns"`
	Worlds   map[string]int `json:"worlds"`
	Sweep    bool           `json:"sweep"` // a fixed number of runs, all of which were played
	Findings []*Finding     `json:"findings"`
	// Resolved are known findings that did not show.
	Resolved []string `json:"resolved,omitempty"`
	Reached  Reached  `json:"reached"`
	// Gaps is what no run came to, Blind the invariants that nothing was shown to.
	Gaps        []Gap    `json:"gaps"`
	Blind       []string `json:"invariants_never_tried"`
	Interrupted bool     `json:"interrupted,omitempty"`
}

// batch is how many runs are drawn from what was known before all of them, whatever the number
// of cores.
const batch = 32

// explorer is an exploration under way.
type explorer struct {
	opts   Options
	report *Report
	began  time.Time
	// corpus are inputs that came to something new.
	corpus []*Input
	by     map[string]*Finding
	pools  []*sim.Pool // one for each core
}

// job is one run.
type job struct {
	number int
	in     *Input
	played *Played
	err    error
}

// Explore plays runs until a bound is met or ctx ends; runs under way are finished then. An
// error means that an input could not be played.
func Explore(ctx context.Context, opts Options) (*Report, error) {
	if opts.Jobs <= 0 {
		opts.Jobs = runtime.GOMAXPROCS(0)
	}
	for _, name := range opts.Worlds {
		if _, err := worldOf(name); err != nil {
			return nil, err
		}
	}
	if err := CheckFaultKinds(opts.Faults); err != nil {
		return nil, err
	}
	if _, err := (release.Profile{}).Turned(opts.Switches...); err != nil {
		return nil, err
	}
	e := &explorer{opts: opts, began: time.Now(), by: map[string]*Finding{}, report: &Report{
		Release: opts.Release, Seed: opts.Seed, Worlds: map[string]int{}, Reached: Reached{}, Findings: []*Finding{},
	}}
	for range opts.Jobs {
		pool := sim.NewPool()
		defer pool.Close()
		e.pools = append(e.pools, pool)
	}
	for e.more(ctx) {
		jobs, err := e.drawBatch()
		if err != nil {
			return nil, err
		}
		e.play(ctx, jobs)
		for _, j := range jobs {
			if j.err != nil {
				return nil, fmt.Errorf("run %d (%s): %w", j.number, j.in.Line(), j.err)
			}
			if j.played != nil {
				e.take(j)
			}
		}
		if opts.Progress != nil {
			opts.Progress(e.progress())
		}
	}
	e.finish(ctx)
	return e.report, nil
}

func (e *explorer) progress() Progress {
	r := e.report
	return Progress{Runs: r.Runs, Findings: len(r.Findings), Reached: len(r.Reached), Steps: r.Steps, Elapsed: time.Since(e.began)}
}

// more reports whether another batch is wanted.
func (e *explorer) more(ctx context.Context) bool {
	o, r := &e.opts, e.report
	switch {
	case ctx.Err() != nil:
		return false
	case o.First && len(r.Findings) > 0, e.by[o.Until] != nil:
		return false
	case o.Runs > 0 && r.Runs >= o.Runs, o.Steps > 0 && r.Steps >= o.Steps, o.Time > 0 && time.Since(e.began) >= o.Time:
		return false
	}
	return o.Runs > 0 || o.Steps > 0 || o.Time > 0
}

// drawBatch draws the next inputs: new ones, or changes of those that came to something new.
func (e *explorer) drawBatch() ([]*job, error) {
	n := batch
	if e.opts.Runs > 0 {
		n = min(n, e.opts.Runs-e.report.Runs)
	}
	var jobs []*job
	for i := range n {
		number := e.report.Runs + i + 1
		seed := sim.NewRand(e.opts.Seed, fmt.Sprintf("hunt/%d", number)).Uint64()
		in, features, err := drawInput(&e.opts, seed)
		if err != nil {
			return nil, err
		}
		if r := sim.NewRand(seed, "hunt/corpus"); len(e.corpus) > 0 && r.Chance(1, 3) {
			in = vary(e.corpus[r.Intn(len(e.corpus))], r)
			features = []string{"varied"}
		}
		if e.opts.Verbose != nil {
			e.opts.Verbose(number, fmt.Sprintf("%s %v", in.Line(), features))
		}
		jobs = append(jobs, &job{number: number, in: in})
	}
	return jobs, nil
}

// play plays a batch on all cores.
func (e *explorer) play(ctx context.Context, jobs []*job) {
	var wg sync.WaitGroup
	next := make(chan *job)
	for _, pool := range e.pools {
		wg.Go(func() {
			for j := range next {
				j.played, j.err = safely(j.in, PlayOptions{Invariants: e.opts.Invariants, Pool: pool})
			}
		})
	}
	for _, j := range jobs {
		late := e.opts.Time > 0 && time.Since(e.began) >= e.opts.Time
		if ctx.Err() != nil || late {
			break
		}
		next <- j
	}
	close(next)
	wg.Wait()
}

// safely plays an input; a panic outside of the world is an error.
func safely(in *Input, opts PlayOptions) (p *Played, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return in.Play(opts)
}

// take takes over what a run showed.
func (e *explorer) take(j *job) {
	r := e.report
	r.Runs++
	r.Steps += j.played.Outcome.Steps
	r.Worlds[j.in.World]++
	if fresh := r.Reached.Add(j.played.Reached); len(fresh) > 0 && len(e.corpus) < corpusMax {
		e.corpus = append(e.corpus, j.in)
	}
	list := j.played.findings()
	if len(list) > 0 {
		r.Failing++
	}
	for i := range list {
		e.takeFinding(j, &list[i])
	}
}

// corpusMax bounds the inputs to vary.
const corpusMax = 256

// takeFinding groups a finding with those of its signature, of which the shortest is kept.
func (e *explorer) takeFinding(j *job, f *Finding) {
	had := e.by[f.Signature]
	if had != nil {
		had.Runs++
		if newCase(j.in, j.played, f).size() >= had.Case.size() {
			return
		}
		f.Runs, f.First, f.Nondeterminism = had.Runs, had.First, had.Nondeterminism
	} else {
		f.Runs, f.First = 1, j.number
	}
	f.Case = newCase(j.in, j.played, f)
	if diff := again(j.in, j.played, e.opts.Invariants); diff != "" {
		f.Nondeterminism = diff
	}
	if had != nil {
		*had = *f
		return
	}
	e.by[f.Signature] = f
	e.report.Findings = append(e.report.Findings, f)
	if e.opts.Found != nil {
		e.opts.Found(f)
	}
}

// finish fills in what can be told only at the end.
func (e *explorer) finish(ctx context.Context) {
	r := e.report
	r.Elapsed = time.Since(e.began)
	r.Interrupted = ctx.Err() != nil
	r.Sweep = e.opts.Runs > 0 && r.Runs >= e.opts.Runs
	var families []string
	for _, w := range Worlds() {
		if r.Worlds[w.Name] > 0 {
			for _, k := range w.Kinds {
				families = append(families, string(k))
			}
		}
	}
	r.Gaps = r.Reached.gaps(TraceKinds(), families, e.drawnFaults())
	all := e.opts.Invariants
	if all == nil {
		all = Invariants()
	}
	for _, inv := range all {
		if !possible(inv, families) {
			continue
		}
		if !slices.ContainsFunc(inv.Kinds, r.Reached.has) {
			r.Blind = append(r.Blind, inv.ID)
		}
	}
}

// drawnFaults are the kinds of faults that the runs could have.
func (e *explorer) drawnFaults() []string {
	switch o := &e.opts; {
	case e.report.Worlds["cluster"] == 0 || o.Draw != nil:
		return nil
	case len(o.Faults) > 0:
		return o.Faults
	}
	return faultNames()
}

// possible reports whether an invariant looks at something that the played worlds can show.
func possible(inv invariant.Invariant, families []string) bool {
	return slices.ContainsFunc(inv.Kinds, func(kind string) bool {
		return slices.ContainsFunc(families, func(f string) bool { return trace.Kind(kind).In(f) || trace.Kind(f).In(kind) })
	})
}

// pickWorld draws a world.
func (o *Options) pickWorld(d *Draw) string {
	names := o.Worlds
	if len(names) == 0 {
		names = []string{"buffer", "buffer", "buffer", "buffer", "gate", "gate", "gate", "gate", "cluster"}
	}
	return names[d.Intn(len(names))]
}

// pickPolicy draws a scheduling.
func (o *Options) pickPolicy(d *Draw) (policy string, schedule uint64, err error) {
	name := "portfolio"
	if len(o.Policies) > 0 {
		name = o.Policies[d.Intn(len(o.Policies))]
	}
	strategy, err := explore.Parse(name)
	schedule = d.Uint64() >> 32
	if name == "portfolio" && d.Chance(10) {
		return "first", schedule, nil
	}
	return strategy.For(schedule).String(), schedule, err
}
