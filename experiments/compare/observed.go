package compare

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"bufsim/experiments/observed"
	"bufsim/experiments/runner"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
	"bufsim/sim"
)

// Model names how likelihoods are made, for reports.
const Model = "the smoothed empirical distribution of each counter over the runs; counters are taken as independent, which they are not quite"

// Explanation says how well settings explain the counters of a real gate.
type Explanation struct {
	Observed observed.Buffer `json:"observed"`
	Runs     int             `json:"runs_of_each"`
	Model    string          `json:"model"`
	// Settings are ranked, the likeliest first.
	Settings []Explained `json:"settings"`
	// None says that each setting has a counter that none of its runs came to.
	None bool `json:"none_explains"`
}

// Explained is one setting.
type Explained struct {
	Label string `json:"setting"`
	// Ratio is the logarithm of its likelihood over that of the best, 0 or less.
	Ratio    float64   `json:"log_likelihood_ratio"`
	Counters []Counter `json:"counters"`

	log float64
}

// Counter is one counter of a setting beside the observed one.
type Counter struct {
	Name     string  `json:"name"`
	Observed float64 `json:"observed"`
	Mean     float64 `json:"mean"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// Outside reports whether no run came to the observed count, nor over and under it.
func (c Counter) Outside() bool { return c.Observed < c.Low || c.Observed > c.High }

// Outside lists the counters that the setting does not come to.
func (e *Explained) Outside() (list []Counter) {
	for _, c := range e.Counters {
		if c.Outside() {
			list = append(list, c)
		}
	}
	return list
}

// counters lists what a buffer counted, by name. Durations count in milliseconds.
func counters(b observed.Buffer) map[string]float64 {
	list := map[string]float64{
		"starts": b.Starts, "requests buffered": b.Buffered, "requests drained": b.Drained, "buffering, ms": b.DurationMS,
	}
	for family, by := range map[string]map[string]float64{"stops": b.Stopped, "evicted": b.Evicted, "skipped": b.Skipped} {
		for reason, n := range by {
			list[family+" "+reason] = n
		}
	}
	return list
}

// Explain plays each point of a plan and ranks them by the likelihood of the counters that
// were observed at one gate. spec: W-61
func Explain(ctx context.Context, seen observed.Buffer, r *sweep.Resolved, progress func(done, total int)) (*Explanation, error) {
	if seen.Starts == 0 && seen.Buffered == 0 && len(seen.Skipped) == 0 {
		return nil, errors.New("the gate has neither buffered nor skipped a request: there is nothing to explain")
	}
	runs, err := playPoints(ctx, r, progress)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Observed: seen, Runs: int(r.Seeds.Count()), Model: Model, None: true}
	for i := range r.Points {
		x, err := explained(r.Label(r.Points[i].At), counters(seen), runs[i])
		if err != nil {
			return nil, err
		}
		e.Settings = append(e.Settings, x)
		e.None = e.None && len(x.Outside()) > 0
	}
	slices.SortStableFunc(e.Settings, func(a, b Explained) int { return cmp.Compare(b.log, a.log) })
	for i := range e.Settings {
		e.Settings[i].Ratio = e.Settings[i].log - e.Settings[0].log
	}
	return e, nil
}

// explained compares one setting's runs with what was seen.
func explained(label string, seen map[string]float64, runs []map[string]float64) (Explained, error) {
	x := Explained{Label: label}
	for _, name := range allNames(append(slices.Clone(runs), seen)) {
		var counts []float64
		for _, run := range runs {
			counts = append(counts, math.Round(run[name]))
		}
		m, err := stats.NewCountModel(counts)
		if err != nil {
			return x, err
		}
		low, high := m.Range()
		x.Counters = append(x.Counters, Counter{Name: name, Observed: seen[name], Mean: m.Mean(), Low: low, High: high})
		x.log += m.LogP(math.Round(seen[name]))
	}
	return x, nil
}

// allNames are the names of some counts, each once, sorted.
func allNames(lists []map[string]float64) (names []string) {
	for _, counts := range lists {
		for name := range counts {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// playPoints plays all seeds of all points on all cores and gives the counters of the first gate
// of each run.
func playPoints(ctx context.Context, r *sweep.Resolved, progress func(done, total int)) ([][]map[string]float64, error) {
	each := int(r.Seeds.Count())
	total := len(r.Points) * each
	list, errs := make([]map[string]float64, total), make([]error, total)
	next := make(chan int)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	for range min(runtime.GOMAXPROCS(0), total) {
		wg.Go(func() {
			pool := sim.NewPool()
			defer pool.Close()
			for i := range next {
				list[i], errs[i] = playOne(r.Points[i/each].Setting, r.Seeds.First+uint64(i%each), pool)
				mu.Lock()
				done++
				if progress != nil {
					progress(done, total)
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < total && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	if err := cmp.Or(ctx.Err(), errors.Join(errs...)); err != nil {
		return nil, err
	}
	var points [][]map[string]float64
	for i := range r.Points {
		points = append(points, list[i*each:(i+1)*each])
	}
	return points, nil
}

// playOne reads the first gate's own page of metrics, as a real gate's is read.
func playOne(set sweep.Setting, seed uint64, pool *sim.Pool) (map[string]float64, error) {
	result, err := runner.Run(set.Scenario, runner.Options{Seed: seed, Release: set.Profile, Flags: set.Flags, Pool: pool})
	if err != nil {
		return nil, err
	}
	if result.Outcome.Failed() || len(result.Gates) == 0 {
		return nil, fmt.Errorf("seed %d: the simulated program failed: %s", seed, strings.TrimSpace(result.Outcome.Detail))
	}
	page, err := observed.Read(result.Gates[0].Name, bytes.NewReader([]byte(result.Gates[0].Metrics)))
	if err != nil {
		return nil, err
	}
	return counters(page.Buffer()), nil
}
