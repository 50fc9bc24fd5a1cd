package sim

import (
	"fmt"
	"slices"
	"strings"
)

// loop runs steps until the world ends or nothing is runnable up to the limit. The
// procs pass control among themselves as long as only procs go on: see handOver.
func (w *World) loop() {
	defer w.recoverCallback()
	w.on, w.back = &w.main, &w.main
	for w.outcome == nil && (w.ready.n > 0 || w.due() || w.advance()) {
		if w.due() {
			w.intervene()
			continue
		}
		i := w.pick()
		if w.outcome != nil || w.due() || w.stalls && w.stallPicked(i) {
			continue
		}
		k := w.take(i)
		if p := k.p; p != nil {
			w.beginStep(k, p.id)
			if p.co == nil {
				w.boot(p)
			}
			w.cur, p.state = p, procRunning
			w.turnTo(&p.seat).swap()
			if w.cur.state == procDone {
				w.reap(w.cur)
			}
		} else {
			w.beginStep(k, k.t.id)
			w.call(k.t)
		}
		w.endStep()
		if w.workers == 0 && w.hadWorker {
			w.touchID(TouchedAll)
			w.end(Outcome{Kind: Finished})
		}
	}
	w.cur = nil
}

// advance makes sure that a task is runnable or an intervention is due: if there is
// none, it moves the clock to the next of them and makes all timers of that instant
// runnable, in the order in which they were set. It reports false if nothing is left
// up to the limit.
func (w *World) advance() bool {
	for w.ready.n == 0 && !w.due() {
		if w.untimed != nil && w.advanceUntimed() {
			continue
		}
		if w.timers.len() == 0 && len(w.outside) == 0 {
			return false
		}
		t := w.nextOutside
		if w.timers.len() > 0 {
			t = min(t, w.timers.next())
		}
		if t > w.limit {
			w.now = w.limit
			return false
		}
		if t > w.now {
			w.now, w.instant = t, 0
		}
		if w.due() {
			break // before the timers of the instant
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
	if p.aside != nil {
		w.timers.remove(p.aside)
	}
}

// pick chooses the next task and returns its place in the ready ring.
func (w *World) pick() int {
	if w.chooser == nil {
		return 0
	}
	i := w.forced
	w.forced = -1
	for i < 0 {
		i = w.fireEarly(w.choose(KindTask, OpNone, nil, w.ready.n+w.early()))
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

// handOver ends the current step, that of p, which is about to park. If the next to
// go is a proc, it begins that proc's step; otherwise the loop goes on, and a choice
// made is kept for it. It returns the mailbox of the goroutine with which p must
// change places; nil if p itself goes on.
func (w *World) handOver(p *Proc) *mailbox {
	w.endStep()
	if w.outcome != nil || w.workers == 0 || w.onStep != nil || w.due() || w.ready.n == 0 && (!w.advance() || w.due()) {
		return w.turnTo(&w.main)
	}
	i := 0
	if w.chooser != nil {
		i = w.pick()
		if w.outcome != nil || w.due() || w.stalls && w.stallPicked(i) {
			return w.turnTo(&w.main)
		}
	}
	q := w.ready.at(i).p
	if q == nil {
		if w.chooser != nil {
			w.forced = i
		}
		return w.turnTo(&w.main)
	}
	w.take(i)
	w.beginStep(task{p: q}, q.id)
	w.cur, q.state = q, procRunning
	if q == p {
		return nil
	}
	if q.co == nil {
		w.boot(q)
	}
	return w.turnTo(&q.seat)
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
	t.callback()
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
	if p.killed || w.outcome != nil || w.stalls && w.stallRunning(p, op, o) {
		return
	}
	n := w.ready.n + w.early()
	if n == 0 && w.toucher == nil || !w.preempts {
		return
	}
	c := w.choose(KindSwitch, op, o, n+1)
	if w.outcome != nil {
		p.giveWay(op, o) // for ever
	} else if c > 0 {
		if w.forced = w.fireEarly(c - 1); w.forced >= 0 {
			p.giveWay(op, o)
		}
	}
}
