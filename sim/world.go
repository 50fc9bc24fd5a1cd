package sim

import (
	"fmt"
	"runtime/debug"
	"sort"
	"strings"
	"time"

	"bufsim/sim/trace"
)

// Config are the parameters of a world. The zero value is usable.
type Config struct {
	// Seed is the source of all named random streams.
	Seed uint64
	// Chooser makes the scheduling decisions; nil is first come, first served.
	Chooser Chooser
	// MaxTime ends the run at that instant; 0 is no limit.
	MaxTime Time
	// MaxSteps ends the run after that many steps; 0 is no limit.
	MaxSteps uint64
	// MaxStepsPerInstant is the livelock limit; 0 is 100,000.
	MaxStepsPerInstant uint64
	// Epoch is what a perfect wall clock shows at time 0, in nanoseconds since
	// 1970; 0 is 2026-01-01 00:00:00 UTC.
	Epoch int64
	// Sink receives the events; nil records nothing and costs nothing.
	Sink trace.Sink
	// OnStep, if set, sees every step; for finding the first difference of two runs.
	OnStep func(StepRecord)
	// Pool keeps coroutines between worlds; nil is a pool of the world's own.
	Pool *Pool
}

// defaultEpoch is 2026-01-01 00:00:00 UTC.
const defaultEpoch = 1767225600_000000000

// StepRecord is one step of the scheduler.
type StepRecord struct {
	Step uint64
	Time Time
	Task TaskInfo
	Hash uint64
}

// World is a deterministic simulation: one thread, one clock, one seed. It is
// not safe for concurrent use, but any number of worlds can run at a time.
type World struct {
	now      Time
	steps    uint64
	hash     uint64
	seq      uint64
	lastID   uint64
	ready    readyRing
	timers   timerHeap
	cur      *Proc
	curTimer *Timer
	forced   int // index in ready that a switch point chose, -1 if none

	chooser   Chooser
	preempts  bool
	point     Point
	decisions []Decision

	procs     []*Proc
	spare     []*Proc
	hosts     []*Host
	workers   int // procs that are not daemons
	hadWorker bool
	pool      *Pool
	ownPool   bool

	seed       uint64
	epoch      int64
	limit      Time
	maxTime    Time
	maxSteps   uint64
	maxInstant uint64
	instant    uint64 // steps at this instant
	sink       trace.Sink
	onStep     func(StepRecord)
	trail      []TrailEntry
	outcome    *Outcome
	closed     bool
}

// New returns a world at time 0 without hosts.
func New(cfg Config) *World {
	w := &World{
		hash: mix(hashSeed, cfg.Seed), forced: -1, chooser: cfg.Chooser, pool: cfg.Pool,
		seed: cfg.Seed, epoch: cfg.Epoch, maxTime: cfg.MaxTime, maxSteps: cfg.MaxSteps,
		maxInstant: cfg.MaxStepsPerInstant, sink: cfg.Sink, onStep: cfg.OnStep,
	}
	if p, ok := cfg.Chooser.(Preempter); ok {
		w.preempts = p.Preempts()
	}
	if w.pool == nil {
		w.pool, w.ownPool = NewPool(), true
	}
	if w.epoch == 0 {
		w.epoch = defaultEpoch
	}
	if w.maxTime == 0 {
		w.maxTime = Never
	}
	if w.maxInstant == 0 {
		w.maxInstant = 100_000
	}
	return w
}

// Now returns the virtual time.
func (w *World) Now() Time { return w.now }

// Steps returns the number of steps so far.
func (w *World) Steps() uint64 { return w.steps }

// Hash returns the running step hash.
func (w *World) Hash() uint64 { return w.hash }

// Trail returns the step hash after every 1,024 steps.
func (w *World) Trail() []TrailEntry { return w.trail }

// Decisions returns the decision log so far; empty with the default chooser.
func (w *World) Decisions() []Decision { return w.decisions }

// Procs returns the number of procs that have not ended.
func (w *World) Procs() int { return len(w.procs) }

// Run runs the world to its end, frees its coroutines and returns the outcome.
// The world cannot be used afterwards, except for reading.
func (w *World) Run() Outcome {
	w.limit = w.maxTime
	w.loop()
	if w.outcome == nil {
		w.end(w.quiet())
	}
	return w.Close()
}

// RunUntil runs the world up to and including instant t, or to its end if that
// comes first, and reports whether the world can go on.
func (w *World) RunUntil(t Time) bool {
	w.limit = min(t, w.maxTime)
	w.loop()
	if w.outcome == nil && w.now < w.limit {
		w.now = w.limit
	}
	return w.outcome == nil
}

// RunFor is RunUntil d after now.
func (w *World) RunFor(d time.Duration) bool { return w.RunUntil(w.now.Add(d)) }

// Stop ends the run after the current step; reason becomes the outcome's ID.
func (w *World) Stop(reason string) { w.end(Outcome{Kind: Stopped, ID: reason}) }

// Stop ends the world that the environment belongs to; see [World.Stop]. In real
// time it does nothing.
func (e *Env) Stop(reason string) {
	if e.w != nil {
		e.w.Stop(reason)
	}
}

// Close unwinds all procs and returns the outcome. Run calls it.
func (w *World) Close() Outcome {
	if w.closed {
		return *w.outcome
	}
	if w.outcome == nil {
		w.end(Outcome{Kind: Stopped, ID: "closed"})
	}
	w.closed = true
	for len(w.procs) > 0 {
		w.kill(w.procs[len(w.procs)-1])
	}
	if w.ownPool {
		w.pool.Close()
	}
	return *w.outcome
}

// end fixes the outcome; the first one stays.
func (w *World) end(o Outcome) {
	if w.outcome != nil {
		return
	}
	o.Time, o.Steps, o.Hash, o.Waiting = w.now, w.steps, w.hash, w.waitingProcs()
	w.outcome = &o
}

// quiet is the outcome of a world with nothing runnable within its limits.
func (w *World) quiet() Outcome {
	if w.timers.len() > 0 {
		return Outcome{Kind: TimeLimit}
	}
	if w.workers > 0 {
		return Outcome{Kind: Deadlock, Detail: "nothing can happen any more:\n" + lines(w.waitingProcs())}
	}
	return Outcome{Kind: Finished}
}

func (w *World) loop() {
	for w.outcome == nil {
		if w.ready.n == 0 && !w.advance() {
			return
		}
		w.step()
		if w.workers == 0 && w.hadWorker {
			w.end(Outcome{Kind: Finished})
		}
	}
}

// advance moves the clock to the next timer and makes all timers of that instant
// runnable, in the order in which they were set.
func (w *World) advance() bool {
	if w.timers.len() == 0 {
		return false
	}
	t := w.timers.next()
	if t > w.limit {
		w.now = w.limit
		return false
	}
	w.now, w.instant = t, 0
	for {
		w.expire(w.timers.pop())
		if !w.timers.due(t) {
			break
		}
	}
	return w.ready.n > 0 || w.advance()
}

func (w *World) expire(t *Timer) {
	if t.proc != nil {
		t.proc.wait.fired = 0
		t.proc.state, t.proc.cause = procReady, t.cause
		w.enqueue(task{p: t.proc}, t.proc.env.host)
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
	p.env.host.filterHeld(keep)
}

// pick takes the next task out of the ready ring.
func (w *World) pick() task {
	if w.chooser == nil {
		return w.ready.take(0)
	}
	i := w.forced
	w.forced = -1
	if i < 0 {
		i = w.choose(KindTask, OpNone, nil, w.ready.n)
	}
	return w.ready.take(i)
}

// step runs one task.
func (w *World) step() {
	k := w.pick()
	w.steps++
	w.instant++
	w.hash = mix(w.hash^uint64(w.now), k.id())
	if w.steps&(trailEvery-1) == 0 {
		w.trail = append(w.trail, TrailEntry{w.steps, w.hash})
	}
	if w.onStep != nil {
		w.onStep(StepRecord{w.steps, w.now, k.info(), w.hash})
	}
	if k.p != nil {
		w.resume(k.p)
	} else {
		w.call(k.t)
	}
	if w.instant > w.maxInstant {
		w.end(Outcome{Kind: Livelock, Detail: w.livelock()})
	}
	if w.steps == w.maxSteps {
		w.end(Outcome{Kind: StepLimit})
	}
}

// call fires a timer that is neither a plain sleep nor stopped.
func (w *World) call(t *Timer) {
	t.queue = false
	if t.node != nil {
		t.node.fire()
		return
	}
	w.curTimer = t
	defer func() {
		w.curTimer = nil
		if v := recover(); v != nil {
			w.end(Outcome{Kind: Panicked, Detail: fmt.Sprintf("panic: %v\nin callback %s\n%s", v, t.FullName(), debug.Stack())})
		}
	}()
	t.fn()
}

// livelock names the tasks that keep the clock from moving.
func (w *World) livelock() string {
	names := map[string]bool{}
	for range 64 {
		if w.ready.n == 0 {
			break
		}
		k := w.ready.take(0)
		names[k.info().Name] = true
		if k.p != nil {
			w.resume(k.p)
		} else {
			w.call(k.t)
		}
	}
	list := make([]string, 0, len(names))
	for name := range names { // order-free: sorted below
		list = append(list, name)
	}
	sort.Strings(list)
	return fmt.Sprintf("%d steps without time passing at %s; busy: %s", w.instant, w.now, strings.Join(list, ", "))
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
	p.wait.op, p.wait.obj, p.wait.since = op, o, w.now
	p.wait.used, p.wait.fired, p.wait.grants = 0, 0, nil
	p.makeReady()
	p.park()
}

// running returns the cause and the name of the task that runs now.
func (w *World) running() (cause uint64, name string) {
	if w.cur != nil {
		return w.cur.cause, w.cur.env.prefix + w.cur.name
	}
	if w.curTimer != nil {
		return w.curTimer.cause, w.curTimer.env.prefix + w.curTimer.name
	}
	return 0, ""
}

func (w *World) procsOf(h *Host) []*Proc {
	var list []*Proc
	for _, p := range w.procs {
		if p.env.host == h {
			list = append(list, p)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}
