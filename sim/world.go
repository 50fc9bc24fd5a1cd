package sim

import (
	"fmt"
	"runtime/debug"
	"sort"
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
	lastID   uint64
	ready    readyRing
	timers   timerHeap
	cur      *Proc
	main     seat  // the goroutine that runs the world
	on       *seat // the goroutine that runs now
	back     *seat // the goroutine that goes on when the current proc ends
	curTimer *Timer
	forced   int // index in ready of the task chosen to go next, -1 if not chosen yet

	outside     []intervention // in the order in which they are due
	nextOutside Time           // when the first of them is due

	chooser   Chooser
	attends   bool          // the chooser wants to decide or know about single operations:
	preempts  bool          // it may switch before them,
	stalls    bool          // the chooser may put tasks aside,
	stalled   time.Duration // for so long in all
	untimed   Untimed       // nil if timers fire at their times
	loose     looseTimers
	asking    bool    // the chooser is at work: what it looks at is no choice point
	toucher   Toucher // nil if nobody wants to know what steps touch
	unnamed   uint64  // numbers the objects without a number for the toucher
	point     Point
	decisions decisionLog

	procs     []*Proc
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
	instant    uint64   // steps at this instant
	busy       []string // tasks of the last steps before the livelock limit,
	busyFrom   uint64   // which begin after that many steps
	sink       trace.Sink
	onStep     func(StepRecord)
	trail      []TrailEntry
	outcome    *Outcome
	closed     bool
}

// New returns a world at time 0 without hosts.
func New(cfg Config) *World {
	w := &World{
		hash: mix(hashSeed, cfg.Seed), forced: -1, nextOutside: Never, chooser: cfg.Chooser, pool: cfg.Pool,
		seed: cfg.Seed, epoch: cfg.Epoch, maxTime: cfg.MaxTime, maxSteps: cfg.MaxSteps,
		maxInstant: cfg.MaxStepsPerInstant, sink: cfg.Sink, onStep: cfg.OnStep,
	}
	w.point.w, w.point.clock = w, -1
	w.learnAbilities()
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
	w.busyFrom = max(w.maxInstant, busySteps) - busySteps
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
func (w *World) Decisions() []Decision { return w.decisions.all() }

// learnAbilities asks the chooser what it wants to decide and to know.
func (w *World) learnAbilities() {
	if p, ok := w.chooser.(Preempter); ok {
		w.preempts = p.Preempts()
	}
	if s, ok := w.chooser.(Staller); ok {
		w.stalls = s.Stalls()
	}
	if u, ok := w.chooser.(Untimed); ok && u.Untimed() {
		w.untimed = u
	}
	if t, ok := w.chooser.(Toucher); ok && t.Touches() {
		w.toucher = t
	}
	w.attends = w.preempts || w.stalls || w.toucher != nil
}

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
	w.limit = max(min(t, w.maxTime), w.now)
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

// pausedHosts names the paused hosts that have something to do.
func (w *World) pausedHosts() string {
	text := ""
	for _, h := range w.hosts {
		if len(h.held) > 0 {
			text += fmt.Sprintf("  host %s is paused with %d runnable tasks\n", h.name, len(h.held))
		}
	}
	return text
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
	if w.timers.len() > 0 || len(w.loose.list) > 0 {
		return Outcome{Kind: TimeLimit}
	}
	if w.workers > 0 {
		return Outcome{Kind: Deadlock, Detail: "nothing can happen any more:\n" + lines(w.waitingProcs()) + w.pausedHosts()}
	}
	return Outcome{Kind: Finished}
}

// recoverCallback ends the world if a timer's callback panics.
func (w *World) recoverCallback() {
	t := w.curTimer
	if t == nil {
		return // an error of the kernel or the chooser: let it pass
	}
	w.curTimer = nil
	switch v := recover().(type) {
	case assertion:
		w.end(Outcome{Kind: AssertionFailed, ID: v.id, Detail: fmt.Sprintf("%s\nin callback %s", v, t.FullName())})
	default:
		w.end(Outcome{Kind: Panicked, Detail: fmt.Sprintf("panic: %v\nin callback %s\n%s", v, t.FullName(), debug.Stack())})
	}
}

// running returns the cause and the name of the task that runs now.
func (w *World) running() (cause uint64, name string, task uint64) {
	if w.cur != nil {
		return w.cur.cause, w.cur.env.prefix + w.cur.name, w.cur.id
	}
	if w.curTimer != nil {
		return w.curTimer.cause, w.curTimer.env.prefix + w.curTimer.name, 0
	}
	return 0, "", 0
}

func (w *World) procsOf(h *Host) []*Proc {
	var list []*Proc
	for _, p := range w.procs {
		if p.host == h {
			list = append(list, p)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}
