package sim

import (
	"fmt"
	"time"

	"bufsim/sim/trace"
)

// Env is what a component runs in: the clock, the procs, the random streams, the
// waiting tools and the trace of one host. A World makes one for each incarnation
// of a host; sim/live makes one over real time. It is the only thing about the
// kernel that components see.
type Env struct {
	w      *World  // nil in real time
	live   Backend // nil in a World
	host   *Host
	inc    uint32
	prefix string
	self   Object
}

func newEnv(e *Env) *Env {
	e.self = Object{env: e, name: "timer"}
	return e
}

// Named returns the same environment with name put before the names of all procs
// and objects made through it, e.g. "hc" gives "gate-1/hc/...".
func (e *Env) Named(name string) *Env {
	sub := *e
	sub.prefix = e.prefix + name + "/"
	return newEnv(&sub)
}

func (e *Env) qualify(name string) string { return e.host.name + "/" + e.prefix + name }

// HostName returns the name of the host that the environment belongs to.
func (e *Env) HostName() string { return e.host.name }

// Incarnation counts the boots of the host, from 1; 0 in real time.
func (e *Env) Incarnation() uint32 { return e.inc }

// Alive reports whether this incarnation of the host still runs. Objects that
// outlive a process (a network, a disk) use it to ignore the dead.
func (e *Env) Alive() bool { return e.w == nil || e.inc == e.host.inc && !e.host.down }

// Paused reports whether the host is stopped by [Host.Pause]: for what stands for a
// process's kernel, such as a local socket, and so has to wait with it. In real time it is
// false.
func (e *Env) Paused() bool { return e.w != nil && e.host.paused }

// Now returns the virtual (or monotonic) time since the start.
func (e *Env) Now() Time {
	if e.w != nil {
		return e.w.now
	}
	return e.live.Now()
}

// Wall returns the host's wall clock in nanoseconds since 1970, with the host's
// skew and drift.
func (e *Env) Wall() int64 {
	if e.w != nil {
		return e.host.wall(e.w.epoch, e.w.now)
	}
	return e.live.Epoch() + int64(e.live.Now())
}

// Sleep blocks for d. Sleeping for zero or less gives way to other runnable
// procs, like [Env.Yield].
func (e *Env) Sleep(d time.Duration) {
	if w := e.w; w != nil && d > 0 {
		p := w.waiter(OpSleep)
		e.restPoint(OpSleep)
		if box := w.fallAsleep(e, p, w.now.Add(d)); box != nil {
			if box.flip() {
				box.next()
			} else {
				box.yield(struct{}{})
			}
			if p.killed {
				panic(killed{})
			}
		}
		return
	}
	if d <= 0 {
		e.Yield()
	} else {
		e.SleepUntil(e.Now().Add(d))
	}
}

// SleepUntil blocks until t.
func (e *Env) SleepUntil(t Time) {
	d := t.Sub(e.Now())
	if d <= 0 {
		return
	}
	if e.w != nil {
		e.Sleep(d)
		return
	}
	e.enter()
	wt := e.begin(OpSleep, &e.self)
	e.armWait(wt, wt.enrol(nil, nil), t)
	wt.park()
	e.exit()
}

// Yield lets other runnable procs go first.
func (e *Env) Yield() {
	if e.w == nil {
		return
	}
	p := e.w.waiter(OpYield)
	e.restPoint(OpYield)
	p.giveWay(OpYield, &e.self)
}

// restPoint shows a Toucher where in its program the running proc is. It decides nothing,
// since all may be chosen right after it.
func (e *Env) restPoint(op Op) {
	if w := e.w; w.toucher != nil && !w.cur.killed && w.outcome == nil {
		w.choose(KindSwitch, op, &e.self, 1)
	}
}

func (e *Env) enter() { e.self.enterQuiet() }
func (e *Env) exit()  { e.self.exit() }

// Go starts fn as a proc (in real time: a goroutine). It never blocks; the proc
// first runs when the scheduler picks it. Names need not be unique.
func (e *Env) Go(name string, fn func()) { e.spawn(name, fn, false) }

// GoDaemon is Go for a proc that serves for ever: a world is over when only
// daemons are left, and a waiting daemon is not reported.
func (e *Env) GoDaemon(name string, fn func()) { e.spawn(name, fn, true) }

func (e *Env) spawn(name string, fn func(), daemon bool) {
	if e.w != nil {
		e.w.spawn(e, name, fn, daemon)
		return
	}
	if b, ok := e.live.(DaemonStarter); ok && daemon {
		b.GoDaemon(e.qualify(name), fn)
		return
	}
	e.live.Go(e.qualify(name), fn)
}

// Rand returns the random stream of that name. Two calls with one name give two
// equal streams: call it once per consumer and keep the result.
func (e *Env) Rand(name string) *Rand {
	seed := uint64(0)
	if e.w != nil {
		seed = e.w.seed
	} else {
		seed = e.live.Seed()
	}
	return NewRand(seed, name)
}

// Choose makes a decision of n alternatives through the world's chooser; 0 in
// real time and with the default chooser. Alternative 0 must be the dull one.
func (e *Env) Choose(kind ChoiceKind, n int) int {
	if e.w == nil {
		return 0
	}
	return e.w.choose(kind, OpNone, nil, n)
}

// Tracing reports whether somebody records events; ask before building fields.
func (e *Env) Tracing() bool {
	if e.w != nil {
		return e.w.sink != nil
	}
	return e.live.Sink() != nil
}

// Emit records an event of this host.
func (e *Env) Emit(kind trace.Kind, fields ...trace.Field) {
	if !e.Tracing() {
		return
	}
	ev := trace.Event{Time: int64(e.Now()), Host: e.host.name, Incarnation: e.inc, Kind: kind, Fields: fields}
	if e.w != nil {
		ev.Step = e.w.steps
		ev.Cause, ev.Proc, ev.Task = e.w.running()
		e.w.sink.Record(ev)
		return
	}
	e.live.Lock()
	defer e.live.Unlock()
	e.live.Sink().Record(ev)
}

// Logf records a log line of the given level ("info", "warning", "error", "debug").
func (e *Env) Logf(level, format string, args ...any) {
	if e.Tracing() {
		e.Emit(trace.KindLog, trace.Str("level", level), trace.Str("text", fmt.Sprintf(format, args...)))
	}
}

// Mark records that the state id was reached. Sweeps report marks never reached.
func (e *Env) Mark(id string) {
	if e.Tracing() {
		e.Emit(trace.KindMark, trace.Str("id", id))
	}
}

// Assert ends the world with a report if cond does not hold. It is for what must
// hold whatever the environment does; it is never compiled out. In real time it
// panics.
func (e *Env) Assert(cond bool, id string, fields ...trace.Field) {
	if cond {
		return
	}
	text := id
	for _, f := range fields {
		if f.IsNum {
			text += fmt.Sprintf(" %s=%d", f.Key, f.Num)
		} else {
			text += fmt.Sprintf(" %s=%q", f.Key, f.Str)
		}
	}
	panic(assertion{id: id, text: text})
}

type assertion struct{ id, text string }

func (a assertion) String() string { return "assertion failed: " + a.text }

func (e *Env) nextID() uint64 {
	if e.w != nil {
		e.w.lastID++
		return e.w.lastID
	}
	return e.live.NextID()
}

// current is the proc that runs now; nil in a callback and in real time.
func (e *Env) current() *Proc {
	if e.w != nil {
		return e.w.cur
	}
	return nil
}
