package sweep

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"bufsim/experiments/runner"
	"bufsim/sim"
)

// Options are how a sweep is played. The zero value plays all of it.
type Options struct {
	// Shard is the part of the runs to play.
	Shard Shard
	// Had are runs that were played before; they count and are not played again.
	Had []Record
	// Write receives each new record in the plan's order; nil throws them away. Its
	// error ends the sweep.
	Write func(Record) error
	// Probe, if set, is asked before each run, on the goroutine that plays it. It may give
	// the run a sink, and gives what takes a sample from the result; Sample receives the
	// samples with the records, in the plan's order. Runs in Had have no samples.
	Probe  func(*runner.Options) func(*runner.Result) any
	Sample func(Record, any)
	// Progress is told after each run how many are done, and how many there are at
	// most.
	Progress func(done, total int)
}

// Run plays the runs of a plan on all cores. Records are written in the order of the
// plan, whatever the cores did, and counted in the tally. When ctx ends, runs under
// way are finished; when a run cannot be played or a record cannot be written, the
// sweep ends, too. The tally of what was played comes with the error then.
func Run(ctx context.Context, r *Resolved, opts Options) (*Tally, error) {
	s := &session{resolved: r, opts: opts, tally: NewTally(r), had: map[job]Record{}}
	for _, rec := range opts.Had {
		s.had[job{rec.Point, rec.Seed}] = rec
	}
	ctx, s.stop = context.WithCancelCause(ctx)
	defer s.stop(nil)
	s.total = opts.Shard.Size(r.Runs())
	for seeds := range r.rounds() {
		jobs := s.round(seeds)
		if len(jobs) == 0 {
			break
		}
		s.play(ctx, jobs)
		if s.next < len(jobs) {
			return s.tally, context.Cause(ctx)
		}
	}
	return s.tally, nil
}

// job is one run to be played.
type job struct {
	point int
	seed  uint64
}

// session is a sweep under way.
type session struct {
	resolved *Resolved
	opts     Options
	stop     context.CancelCauseFunc
	total    int
	had      map[job]Record

	mu    sync.Mutex // guards what follows
	tally *Tally
	done  int
	// early holds records that came before those that stand before them in the plan;
	// next is the number of the job whose record is due.
	early map[int]finished
	next  int
}

// play plays the jobs of a round.
func (s *session) play(ctx context.Context, jobs []job) {
	s.next, s.early = 0, map[int]finished{}
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wg.Go(func() { s.work(jobs, numbers) })
	}
	for i := 0; i < len(jobs) && ctx.Err() == nil; i++ {
		select {
		case numbers <- i:
		case <-ctx.Done():
		}
	}
	close(numbers)
	wg.Wait()
}

// work plays the jobs whose numbers it is given.
func (s *session) work(jobs []job, numbers <-chan int) {
	pool := sim.NewPool()
	defer pool.Close()
	for i := range numbers {
		var done finished
		var ok bool
		if done.rec, ok = s.had[jobs[i]]; !ok {
			var err error
			if done, err = s.one(jobs[i], pool); err != nil {
				s.stop(err)
				continue
			}
		}
		s.deliver(jobs, i, done)
	}
}

// deliver takes a record, and passes on all whose turn has come.
func (s *session) deliver(jobs []job, i int, done finished) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early[i] = done
	for {
		done, ok := s.early[s.next]
		if !ok {
			return
		}
		rec := done.rec
		if _, before := s.had[jobs[s.next]]; !before && s.opts.Write != nil {
			if err := s.opts.Write(rec); err != nil {
				s.stop(err)
				return
			}
		}
		delete(s.early, s.next)
		s.next++
		s.done++
		s.tally.Add(rec)
		if s.opts.Sample != nil {
			s.opts.Sample(rec, done.sample)
		}
		if s.opts.Progress != nil {
			s.opts.Progress(s.done, s.total)
		}
	}
}

// finished is a record with what the probe took.
type finished struct {
	rec    Record
	sample any
}

// one plays one run. A panic of our own is a fault in its record, not the end of
// the sweep.
func (s *session) one(j job, pool *sim.Pool) (done finished, err error) {
	r := s.resolved
	rec := &done.rec
	*rec = r.blank(j.point, j.seed)
	defer func() {
		if v := recover(); v != nil {
			rec.OurFault = fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	set := r.Points[j.point].Setting
	opts := runner.Options{Seed: j.seed, Release: set.Profile, Flags: set.Flags, SpelledFlags: set.spelled, Pool: pool}
	take := func(*runner.Result) any { return nil }
	if s.opts.Probe != nil {
		take = s.opts.Probe(&opts)
	}
	marks := r.watchMarks(&opts)
	result, err := runner.Run(set.Scenario, opts)
	if err != nil {
		return done, fmt.Errorf("%s, seed %d: %w", r.Label(r.Points[j.point].At), j.seed, err)
	}
	rec.fill(result)
	rec.IdleMarks = marks.missing
	done.sample = take(result)
	return done, nil
}
