package topo

import (
	"time"

	"bufsim/sim"
)

// Timings are how often something was done and how long it took, as Vitess's programs count
// it. spec: W-63
type Timings struct {
	Count int64
	Total time.Duration
	// Buckets count by duration: each up to its bound and beyond the one before; the last one
	// is for what took longer than the last bound.
	Buckets [timingBuckets]int64
}

// timingBuckets is the number of bounds, and one for what is beyond.
const timingBuckets = 11

// TimingBounds are the upper bounds of the buckets; all programs have the same. spec: W-63
func TimingBounds() [timingBuckets - 1]time.Duration {
	return [timingBuckets - 1]time.Duration{
		500 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, 10 * time.Second,
	}
}

// timings are the counters behind [Timings]; they are no choice points.
type timings struct {
	total   sim.Counter
	buckets [timingBuckets]sim.Counter
}

func (t *timings) init(env *sim.Env) {
	env.InitCounter(&t.total)
	for i := range t.buckets {
		env.InitCounter(&t.buckets[i])
	}
}

func (t *timings) add(took time.Duration) {
	t.total.Add(int64(took))
	place := timingBuckets - 1
	for i, bound := range TimingBounds() {
		if took <= bound {
			place = i
			break
		}
	}
	t.buckets[place].Add(1)
}

func (t *timings) read() Timings {
	out := Timings{Total: time.Duration(t.total.Value())}
	for i := range t.buckets {
		out.Buckets[i] = t.buckets[i].Value()
		out.Count += out.Buckets[i]
	}
	return out
}
