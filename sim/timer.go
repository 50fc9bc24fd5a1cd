package sim

import (
	"context"
	"time"
)

// Timer calls a function once at an instant; it can be stopped and set again.
// The callback runs on the scheduler (in real time: on a goroutine of its own)
// and must not wait. Timers are cheap: a callback actor is one timer and the
// state that its function closes over.
type Timer struct {
	proc  *Proc  // the proc that the timer is part of: no callback, the proc becomes ready
	node  *node  // set for the deadline of a Select: the node to fire
	cause uint64 // step that set it
	slot  int32  // in the heap plus one; 0 if not in it
	queue bool   // in the ready ring
	loose bool   // among those that may fire early
	id    uint64
	env   *Env
	fn    func()
	ends  *Context // the context that the timer ends, in place of fn
	name  string
	live  *liveTimer
}

// liveTimer is what a timer needs in real time.
type liveTimer struct {
	gen  uint32 // which setting of the timer a firing belongs to
	stop func() bool
}

// NewTimer returns a timer that is not set.
func (e *Env) NewTimer(name string, fn func()) *Timer {
	t := &Timer{fn: fn}
	e.initTimer(t, name)
	return t
}

// initTimer completes a timer, which may be part of a larger object.
func (e *Env) initTimer(t *Timer, name string) {
	t.env, t.name, t.id = e, name, e.nextID()
	if e.w == nil {
		t.live = new(liveTimer)
	}
}

// callback does what the timer is for.
func (t *Timer) callback() {
	if t.ends != nil {
		t.ends.cancel(context.DeadlineExceeded)
		return
	}
	t.fn()
}

// AfterFunc returns a timer that calls fn after d.
func (e *Env) AfterFunc(d time.Duration, name string, fn func()) *Timer {
	t := e.NewTimer(name, fn)
	t.Reset(d)
	return t
}

// FullName returns the timer's name with its host in front.
func (t *Timer) FullName() string { return t.env.qualify(t.name) }

// Reset sets the timer to fire d from now, whether or not it was set. It reports
// whether it was.
func (t *Timer) Reset(d time.Duration) bool { return t.ResetAt(t.env.Now().Add(max(d, 0))) }

// ResetAt is Reset with an instant.
func (t *Timer) ResetAt(at Time) bool {
	if w := t.env.w; w != nil {
		w.touchTimer(t)
		was := w.disarm(t)
		w.arm(t, at)
		return was
	}
	t.env.live.Lock()
	defer t.env.live.Unlock()
	was := t.stopLive()
	t.armLive(at)
	return was
}

// Stop unsets the timer. It reports whether the timer was set; false means that
// the callback has started or that the timer was not set.
func (t *Timer) Stop() bool {
	if w := t.env.w; w != nil {
		w.touchTimer(t)
		return w.disarm(t)
	}
	t.env.live.Lock()
	defer t.env.live.Unlock()
	return t.stopLive()
}

// armLive and stopLive run inside the monitor of a real-time backend.
func (t *Timer) armLive(at Time) {
	t.live.gen++
	gen := t.live.gen
	t.live.stop = t.env.live.AfterFunc(at.Sub(t.env.Now()), func() { t.fireLive(gen) })
}

func (t *Timer) stopLive() bool {
	was := t.live.stop != nil
	if was {
		t.live.stop()
		t.live.stop = nil
		t.live.gen++
	}
	return was
}

func (t *Timer) fireLive(gen uint32) {
	t.env.live.Lock()
	mine := t.live.gen == gen
	if mine {
		t.live.stop = nil
		if t.node != nil && t.node.wait.fired < 0 {
			t.node.fire()
		}
	}
	t.env.live.Unlock()
	if mine && (t.fn != nil || t.ends != nil) {
		t.callback()
	}
}

// armWait makes node n fire at an instant; disarmWait takes back what armWait did.
func (e *Env) armWait(wt *wait, n *node, at Time) {
	if e.w != nil {
		t := &wt.proc.timer
		t.env, t.node, t.id, t.name = e, n, wt.proc.id, "select-deadline"
		e.w.arm(t, at)
		return
	}
	wt.live.timer = &Timer{env: e, node: n, live: new(liveTimer)}
	wt.live.timer.armLive(at)
}

func (e *Env) disarmWait(wt *wait) {
	if e.w != nil {
		if t := &wt.proc.timer; t.node != nil {
			e.w.disarm(t)
			t.node = nil
		}
	} else if wt.live.timer != nil {
		wt.live.timer.stopLive()
	}
}

func (w *World) arm(t *Timer, at Time) {
	if at < w.now {
		at = w.now
	}
	t.cause = w.steps
	w.set(t, at)
}

// set puts t where timers wait for their time, or for being chosen.
func (w *World) set(t *Timer, at Time) {
	if w.untimed != nil && w.loosen(t, at) {
		return
	}
	w.timers.push(t, at)
}

func (w *World) disarm(t *Timer) bool {
	if w.timers.remove(t) || t.loose && w.loose.remove(t) {
		return true
	}
	if !t.queue {
		return false
	}
	t.queue = false
	keep := func(k task) bool { return k.t != t }
	w.ready.filter(keep)
	t.env.host.filterHeld(keep)
	return true
}

// fallAsleep prepares the running proc for sleeping until an instant to come. It
// returns the mailbox to wait in; nil if nothing else happens until then: the time
// has passed already.
func (w *World) fallAsleep(e *Env, p *Proc, until Time) *mailbox {
	wt := &p.wait
	wt.op, wt.obj, wt.since = OpSleep, &e.self, w.now
	wt.used, wt.fired = 0, -1
	p.state = procWaiting
	p.timer.cause = w.steps
	if w.untimed == nil {
		w.timers.push(&p.timer, until)
	} else {
		w.set(&p.timer, until)
	}
	return w.handOver(p)
}
