package sim

import (
	"math/bits"
	"time"
)

// Stalls. A computer may stop a thread at any place for a while: a page fault, a busy
// processor, a pause of the collector. What needs that one thread is late while time
// passes for all others happens in no order of same-instant steps.

// Staller is an optional ability of a [Chooser]: if Stalls answers true, the world asks
// before each operation and each step of a proc for how long the proc is put aside. See
// [KindStall].
type Staller interface {
	Stalls() bool
}

// Stalls go from a microsecond to half a second, evenly on a logarithmic scale, with so
// many steps to a doubling.
const (
	stallsPerDoubling = 4
	stallDoublings    = 19
	// StallChoices is the number of alternatives of a [KindStall] decision.
	StallChoices = 1 + stallsPerDoubling*stallDoublings
)

// StallLength is how long the given alternative of a [KindStall] decision stalls: 0 for
// the first, then from 1 us to 441 ms.
func StallLength(choice int) time.Duration {
	if choice <= 0 {
		return 0
	}
	shortest := [stallsPerDoubling]time.Duration{1000, 1189, 1414, 1682} // ns
	choice--
	return shortest[choice%stallsPerDoubling] << (choice / stallsPerDoubling)
}

// StallChoice is the alternative of a [KindStall] decision with the longest stall that
// is not longer than d.
func StallChoice(d time.Duration) int {
	if d < StallLength(1) {
		return 0
	}
	octave := min(bits.Len64(uint64(d/1000))-1, stallDoublings-1)
	c := 1 + stallsPerDoubling*octave
	for c+1 < StallChoices && StallLength(c+1) <= d {
		c++
	}
	return c
}

// Stalled is the sum of all stalls so far: how late what has a time limit may be, at
// most, without being at fault.
func (w *World) Stalled() time.Duration { return w.stalled }

// stallPicked asks whether the proc at place i of the ready ring is put aside, does so,
// and says whether it did. Timers' callbacks are never put aside: many of them stand for
// messages of one stream, which come in order.
func (w *World) stallPicked(i int) bool {
	p := w.ready.at(i).p
	if p == nil || p.killed {
		return false
	}
	c := w.chooseStall(p, OpNone, nil)
	if c == 0 {
		return false
	}
	w.take(i)
	w.putAside(p, c)
	return true
}

// stallRunning asks whether the running proc is put aside before its operation, does so,
// and says whether it did; then the time has passed.
func (w *World) stallRunning(p *Proc, op Op, o *Object) bool {
	c := w.chooseStall(p, op, o)
	if c == 0 || w.outcome != nil {
		return false
	}
	wt := &p.wait
	wt.op, wt.obj, wt.since = op, o, w.now
	wt.used, wt.fired = 0, -1
	p.state = procReady
	w.putAside(p, c)
	if box := w.handOver(p); box != nil {
		box.swap()
		if p.killed {
			panic(killed{})
		}
	}
	return true
}

func (w *World) chooseStall(p *Proc, op Op, o *Object) int {
	w.point.aside = p
	return w.choose(KindStall, op, o, StallChoices)
}

// putAside makes p, which is not in the ready ring, ready again after the stall.
func (w *World) putAside(p *Proc, choice int) {
	d := StallLength(choice)
	w.stalled += d
	if p.aside == nil {
		p.aside = &Timer{proc: p}
	}
	p.aside.cause = p.cause
	w.timers.push(p.aside, w.now.Add(d))
}
