package sweep

import (
	"context"
	"runtime"
	"sync"

	"bufsim/experiments/runner"
	"bufsim/sim"
)

// Progress is told after each run how many are done.
type Progress func(done, total int)

// Run plays all runs of a plan on all cores and returns their records in the
// order of the plan: point by point, seed by seed, whatever the cores did. When
// ctx ends, runs under way are finished and the records so far are returned with
// the context's error.
func Run(ctx context.Context, r *Resolved, progress Progress) ([]Record, error) {
	seeds := int(r.Seeds.Last-r.Seeds.First) + 1
	total := len(r.Points) * seeds
	records := make([]Record, total)
	done := make([]bool, total)
	jobs := make(chan int)
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		finished int
		first    error
	)
	for range min(runtime.GOMAXPROCS(0), total) {
		wg.Go(func() {
			pool := sim.NewPool()
			defer pool.Close()
			for i := range jobs {
				rec, err := r.one(i/seeds, r.Seeds.First+uint64(i%seeds), pool)
				mu.Lock()
				records[i], done[i] = rec, err == nil
				if finished++; err != nil && first == nil {
					first = err
				}
				if progress != nil {
					progress(finished, total)
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < total && ctx.Err() == nil; i++ {
		select {
		case jobs <- i:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return keep(records, done), first
}

func (r *Resolved) one(point int, seed uint64, pool *sim.Pool) (Record, error) {
	p := r.Points[point]
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

func keep(records []Record, done []bool) []Record {
	kept := records[:0]
	for i, rec := range records {
		if done[i] {
			kept = append(kept, rec)
		}
	}
	return kept
}
