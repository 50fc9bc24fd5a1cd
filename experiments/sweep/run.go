package sweep

import (
	"context"
	"fmt"
	"iter"
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
	s := &session{resolved: r, opts: opts, tally: NewTally(r), had: map[job]int{}}
	s.turn = sync.NewCond(&s.mu)
	for i, rec := range opts.Had {
		s.had[job{rec.Point, rec.Seed}] = i
	}
	ctx, s.stop = context.WithCancelCause(ctx)
	defer s.stop(nil)
	s.total = opts.Shard.Size(r.Runs())
	for seeds := range r.rounds() {
		due := s.play(ctx, s.round(seeds))
		if due == 0 {
			break
		}
		if s.next < due {
			return s.tally, context.Cause(ctx)
		}
	}
	return s.tally, nil
}

// job is one run to be played; numbered is one with its place in a round.
type job struct {
	point int
	seed  uint64
}

type numbered struct {
	job
	number int
}

// ahead bounds how many records wait for one that stands before them in the plan: a run that
// takes long holds the others up at last, and memory does not grow with the plan.
const ahead = 1000

// session is a sweep under way.
type session struct {
	resolved *Resolved
	opts     Options
	stop     context.CancelCauseFunc
	total    int
	had      map[job]int // places in opts.Had

	mu    sync.Mutex // guards what follows
	turn  *sync.Cond // next has changed, or the sweep ends
	tally *Tally
	done  int
	// early holds records that came before those that stand before them in the plan;
	// next is the number of the job whose record is due.
	early map[int]finished
	next  int
}

// play plays the jobs of a round and says how many there are; if ctx ends before the last one
// is begun, at least one more than have been delivered.
func (s *session) play(ctx context.Context, jobs iter.Seq[job]) (due int) {
	s.next, s.early = 0, map[int]finished{}
	queue := make(chan numbered)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() { s.work(queue) })
	}
	defer context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.turn.Broadcast()
	})()
	for j := range jobs {
		due++
		if !s.near(ctx, due-1) {
			break
		}
		select {
		case queue <- numbered{j, due - 1}:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	wg.Wait()
	return due
}

// near waits until a job is not too far ahead of the one that is due; false means that ctx ended.
func (s *session) near(ctx context.Context, number int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil && number > s.next+ahead {
		s.turn.Wait()
	}
	return ctx.Err() == nil
}

// work plays the jobs that it is given.
func (s *session) work(jobs <-chan numbered) {
	pool := sim.NewPool()
	defer pool.Close()
	for j := range jobs {
		at, before := s.had[j.job]
		if before {
			s.deliver(j.number, finished{rec: s.opts.Had[at], before: true})
			continue
		}
		done, err := s.one(j.job, pool)
		if err != nil {
			s.stop(err)
			continue
		}
		s.deliver(j.number, done)
	}
}

// deliver takes a record, and passes on all whose turn has come.
func (s *session) deliver(number int, done finished) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.early[number] = done
	for {
		done, ok := s.early[s.next]
		if !ok {
			return
		}
		if !done.before && s.opts.Write != nil {
			if err := s.opts.Write(done.rec); err != nil {
				s.stop(err)
				return
			}
		}
		delete(s.early, s.next)
		s.next++
		s.turn.Signal()
		s.done++
		s.tally.Add(done.rec)
		if s.opts.Sample != nil {
			s.opts.Sample(done.rec, done.sample)
		}
		if s.opts.Progress != nil {
			s.opts.Progress(s.done, s.total)
		}
	}
}

// finished is a record with what the probe took; before says that it was played before.
type finished struct {
	rec    Record
	sample any
	before bool
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
