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

// Progress is told after each run how many are done.
type Progress func(done, total int)

// Run plays all runs of a plan on all cores and returns their records in the
// order of the plan: point by point, seed by seed, whatever the cores did. When
// ctx ends, or a run cannot be played, runs under way are finished and the records
// so far are returned with the error.
func Run(ctx context.Context, r *Resolved, progress Progress) ([]Record, error) {
	b := &batch{resolved: r, records: make([]Record, len(r.Points)*r.runs()), progress: progress}
	b.done = make([]bool, len(b.records))
	ctx, b.stop = context.WithCancelCause(ctx)
	defer b.stop(nil)
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.records)) {
		wg.Go(func() { b.work(jobs) })
	}
	for i := 0; i < len(b.records) && ctx.Err() == nil; i++ {
		select {
		case jobs <- i:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
	if b.finished == len(b.records) {
		return b.records, nil
	}
	return b.kept(), context.Cause(ctx)
}

// batch is the runs of a sweep under way.
type batch struct {
	resolved *Resolved
	stop     context.CancelCauseFunc
	progress Progress

	mu       sync.Mutex // guards what follows
	records  []Record
	done     []bool
	finished int
}

// work plays the runs whose numbers come from jobs.
func (b *batch) work(jobs <-chan int) {
	pool := sim.NewPool()
	defer pool.Close()
	runs := b.resolved.runs()
	for i := range jobs {
		rec, err := b.resolved.one(i/runs, b.resolved.Seeds.First+uint64(i%runs), pool)
		if err != nil {
			b.stop(err)
			continue
		}
		b.finish(i, rec)
	}
}

func (b *batch) finish(i int, rec Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records[i], b.done[i] = rec, true
	b.finished++
	if b.progress != nil {
		b.progress(b.finished, len(b.records))
	}
}

// kept are the records of the runs that were played.
func (b *batch) kept() []Record {
	var list []Record
	for i, rec := range b.records {
		if b.done[i] {
			list = append(list, rec)
		}
	}
	return list
}

// one plays one run. A panic of our own is a fault in its record, not the end of
// the sweep.
func (r *Resolved) one(point int, seed uint64, pool *sim.Pool) (rec Record, err error) {
	p := r.Points[point]
	defer func() {
		if v := recover(); v != nil {
			rec = Record{
				Point: point, Value: p.Value, Variant: p.Variant.Label(), Seed: seed, Version: runner.Version,
				OurFault: fmt.Sprintf("panic: %v\n%s", v, debug.Stack()),
			}
		}
	}()
	set, err := r.FlagsAt(p)
	if err != nil {
		return Record{}, err
	}
	result, err := runner.Run(r.ScenarioAt(p), runner.Options{Seed: seed, Release: r.Profile, Flags: set, Pool: pool})
	if err != nil {
		return Record{}, err
	}
	return newRecord(point, p, seed, result), nil
}
