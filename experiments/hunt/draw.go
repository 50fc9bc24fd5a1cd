package hunt

import (
	"fmt"
	"time"

	"bufsim/model/release"
	"bufsim/sim"
)

// Draw draws inputs from a seed, and notes which features were on.
type Draw struct {
	*sim.Rand
	// Features are those that were on.
	Features []string
	// faultKinds are the kinds of faults to draw from; none means all.
	faultKinds []string
}

// NewDraw returns a draw of its own for each seed.
func NewDraw(seed uint64) *Draw { return &Draw{Rand: sim.NewRand(seed, "hunt")} }

// Chance says yes in that many of a hundred cases.
func (d *Draw) Chance(percent int64) bool { return d.Rand.Chance(percent, 100) }

// Feature says whether something is on in this run at all. Off means that none of it happens.
func (d *Draw) Feature(name string, percent int64) bool {
	on := d.Chance(percent)
	if on {
		d.Features = append(d.Features, name)
	}
	return on
}

// In draws a whole number between two bounds, both included.
func (d *Draw) In(least, most int) int { return least + d.Intn(most-least+1) }

// Of draws one of some durations.
func (d *Draw) Of(list ...time.Duration) time.Duration { return list[d.Intn(len(list))] }

// Near draws an instant at, just before or after one of the given ones, or between two of them.
func (d *Draw) Near(list []time.Duration) time.Duration {
	at := list[d.Intn(len(list))]
	switch d.Intn(8) {
	case 0:
		at -= time.Nanosecond
	case 1:
		at += time.Nanosecond
	case 2:
		at += d.Of(-time.Millisecond, time.Millisecond, 100*time.Microsecond)
	case 3:
		if other := list[d.Intn(len(list))]; other > at {
			at += time.Duration(d.Int64n(int64(other - at)))
		}
	}
	return max(at, 100*time.Millisecond)
}

// bufferFlags are the buffer's flags that instants are drawn from.
type bufferFlags struct {
	window, max, gap time.Duration
	size             int
}

// drawBufferFlags draws the buffer's flags such that the release takes them.
func drawBufferFlags(d *Draw, in *Input) bufferFlags {
	f := bufferFlags{window: d.Of(time.Second, 2*time.Second, 10*time.Second), size: []int{1, 2, 4, 10, 1000}[d.Intn(5)]}
	f.max = d.Of(f.window, 2*f.window, 20*time.Second)
	f.gap = d.Of(time.Second, 2*f.max, time.Minute)
	p, err := release.Lookup(in.Release)
	if err == nil && p.Behaviors.MinTimeCheck == release.MinTimeTwiceMax {
		f.gap = max(f.gap, 2*f.max)
	}
	concurrency := 1
	if d.Feature("parallel drains", 50) {
		concurrency = d.In(2, 4)
	}
	in.Flags = append(in.Flags, "enable-buffer=true",
		"buffer-window="+f.window.String(), "buffer-max-failover-duration="+f.max.String(),
		"buffer-min-time-between-failovers="+f.gap.String(), fmt.Sprintf("buffer-size=%d", f.size),
		fmt.Sprintf("buffer-drain-concurrency=%d", concurrency))
	if err == nil && p.Behaviors.LegacyBuffer {
		in.Flags = append(in.Flags, "buffer-implementation=keyspace_events")
	}
	return f
}

// drawInput draws a whole input from a seed.
func drawInput(o *Options, seed uint64) (*Input, []string, error) {
	d := NewDraw(seed)
	d.faultKinds = o.Faults
	in := &Input{Seed: 1 + seed>>1, Release: o.Release, Switches: o.Switches, World: o.pickWorld(d)}
	if in.Release == "" {
		all := release.All()
		in.Release = all[d.Intn(len(all))].Name
	}
	w, err := worldOf(in.World)
	if err != nil {
		return nil, nil, err
	}
	if in.Policy, in.Schedule, err = o.pickPolicy(d); err != nil {
		return nil, nil, err
	}
	draw := w.Draw
	if o.Draw != nil {
		draw = o.Draw
	}
	draw(d, in)
	in.Flags = append(in.Flags, o.Flags...)
	return in, d.Features, nil
}
