package sim

import (
	"fmt"
	"slices"
	"strings"
)

// loop runs steps until the world ends or nothing is runnable up to the limit.
func (w *World) loop() {
	defer w.recoverCallback()
	for w.outcome == nil && (w.ready.n > 0 || w.advance()) {
		k := w.take(w.pick())
		if p := k.p; p != nil {
			w.beginStep(k, p.id)
			if p.co == nil {
				w.boot(p)
			}
			w.cur, p.state = p, procRunning
			p.resume() // not in a function of its own: see wait.park
			if p.state == procDone {
				w.reap(p)
			}
		} else {
			w.beginStep(k, k.t.id)
			w.call(k.t)
		}
		w.endStep()
		if w.workers == 0 && w.hadWorker {
			w.end(Outcome{Kind: Finished})
		}
	}
	w.cur = nil
}

// advance makes sure that a task is runnable: if there is none, it moves the clock
// to the next timer and makes all timers of that instant runnable, in the order
// in which they were set. It reports false if nothing is left up to the limit.
func (w *World) advance() bool {
	for w.ready.n == 0 {
		if w.timers.len() == 0 {
			return false
		}
		t := w.timers.next()
		if t > w.limit {
			w.now = w.limit
			return false
		}
		if t > w.now {
			w.now, w.instant = t, 0
		}
		w.expire(w.timers.pop())
		for w.timers.due(t) {
			w.expire(w.timers.pop())
		}
	}
	return true
}

// expire makes runnable what a timer is for. A sleeper goes on in the timer's own
// step; the deadline of a Select has a step in which it competes with the other cases.
func (w *World) expire(t *Timer) {
	if p := t.proc; p != nil && t.node == nil {
		p.state, p.cause = procReady, t.cause
		if p.host.paused {
			p.host.held = append(p.host.held, task{p: p})
		} else {
			w.ready.push(task{p: p})
		}
		return
	}
	if t.env.Alive() {
		t.queue = true
		w.enqueue(task{t: t}, t.env.host)
	}
}

// enqueue makes a task runnable, or sets it aside if its host is paused.
func (w *World) enqueue(k task, h *Host) {
	if h.paused {
		h.held = append(h.held, k)
		return
	}
	w.ready.push(k)
}

func (w *World) dequeue(p *Proc) {
	keep := func(k task) bool { return k.p != p }
	w.ready.filter(keep)
	p.host.filterHeld(keep)
}

// pick chooses the next task and returns its place in the ready ring.
func (w *World) pick() int {
	if w.chooser == nil {
		return 0
	}
	i := w.forced
	w.forced = -1
	if i < 0 {
		i = w.choose(KindTask, OpNone, nil, w.ready.n)
	}
	return i
}

// take removes the task at place i.
func (w *World) take(i int) task {
	if i == 0 {
		return w.ready.pop()
	}
	return w.ready.take(i)
}

// beginStep counts and hashes a step of task k.
func (w *World) beginStep(k task, id uint64) {
	w.steps++
	w.instant++
	w.hash = mix(w.hash^uint64(w.now), id)
	if w.steps&(trailEvery-1) == 0 || w.onStep != nil || w.instant > w.busyFrom {
		w.noteStep(k)
	}
}

func (w *World) noteStep(k task) {
	if w.steps&(trailEvery-1) == 0 {
		w.trail = append(w.trail, TrailEntry{w.steps, w.hash})
	}
	if w.onStep != nil {
		w.showStep(k)
	}
	if w.instant > w.busyFrom {
		w.noteBusy(k)
	}
}

// showStep calls the observer, which runs like a callback: it must not wait, and
// what it does is no choice point.
func (w *World) showStep(k task) {
	before := w.cur
	w.cur = nil
	w.onStep(StepRecord{w.steps, w.now, k.info(), w.hash})
	w.cur = before
}

// endStep ends the world if the step was one too many.
func (w *World) endStep() {
	if w.instant > w.maxInstant || w.steps == w.maxSteps {
		w.tooManySteps()
	}
}

func (w *World) tooManySteps() {
	if w.instant > w.maxInstant {
		w.end(Outcome{Kind: Livelock, Detail: w.livelock()})
	}
	if w.steps == w.maxSteps {
		w.end(Outcome{Kind: StepLimit})
	}
}

// ownTurn ends the current step, that of p, which is about to park. If p is also
// the next to go, it begins its next step and reports true: p goes on without a
// switch. Otherwise the scheduler goes on from here; a choice made is kept for it.
func (w *World) ownTurn(p *Proc) bool {
	w.endStep()
	if w.outcome != nil || w.workers == 0 || w.ready.n == 0 && !w.advance() {
		return false
	}
	i := 0
	if w.chooser != nil {
		i = w.pick()
	}
	if w.ready.at(i).p != p {
		if w.chooser != nil {
			w.forced = i
		}
		return false
	}
	w.take(i)
	w.beginStep(task{p: p}, p.id)
	p.state = procRunning
	return true
}

// call fires a timer that is neither a plain sleep nor stopped.
func (w *World) call(t *Timer) {
	t.queue = false
	if t.node != nil {
		if t.node.wait.fired < 0 {
			t.node.fire()
		}
		return
	}
	w.cur, w.curTimer = nil, t
	t.fn()
	w.curTimer = nil
}

// busySteps is how many steps before the livelock limit are remembered.
const busySteps = 64

func (w *World) noteBusy(k task) {
	if w.instant == w.busyFrom+1 {
		w.busy = w.busy[:0] // of an earlier instant that came close
	}
	w.busy = append(w.busy, k.info().Name)
}

// livelock names the tasks that keep the clock from moving.
func (w *World) livelock() string {
	slices.Sort(w.busy)
	return fmt.Sprintf("%d steps without time passing at %s; busy: %s", w.instant, w.now, strings.Join(slices.Compact(w.busy), ", "))
}

// switchPoint lets an exploring chooser put another task before the current
// proc's operation.
func (w *World) switchPoint(op Op, o *Object) {
	p := w.cur
	if p.killed || w.ready.n == 0 || w.outcome != nil {
		return
	}
	c := w.choose(KindSwitch, op, o, w.ready.n+1)
	if c == 0 {
		return
	}
	w.forced = c - 1
	p.giveWay(op, o)
}
