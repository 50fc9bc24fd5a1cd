package sim

import (
	"math/bits"
	"slices"
	"time"

	"bufsim/sim/trace"
)

// Host is a process of a World: the unit that crashes, restarts and pauses, with
// a wall clock of its own.
type Host struct {
	w       *World
	name    string
	boot    func(*Env)
	env     *Env
	inc     uint32
	down    bool
	paused  bool
	held    []task
	skew    time.Duration
	drift   int64 // parts per billion
	onCrash []func()
}

// HostOptions are the properties of a host's clock; zero is a perfect one.
type HostOptions struct {
	// Skew is how far the wall clock is ahead at the start.
	Skew time.Duration
	// DriftPPB is how much faster the wall clock runs, in parts per billion.
	DriftPPB int64
}

// AddHost adds a process and starts it: boot runs in a proc of its own, at once
// and after each restart, with the environment of that incarnation.
func (w *World) AddHost(name string, opts HostOptions, boot func(*Env)) *Host {
	h := &Host{w: w, name: name, boot: boot, skew: opts.Skew, drift: opts.DriftPPB, down: true}
	w.hosts = append(w.hosts, h)
	h.Restart()
	return h
}

// Name returns the host's name.
func (h *Host) Name() string { return h.name }

// Env returns the environment of the present incarnation.
func (h *Host) Env() *Env { return h.env }

// Down reports whether the host has crashed and was not restarted.
func (h *Host) Down() bool { return h.down }

// Crash kills the process: its procs are unwound (their deferred calls run, but
// nothing they do reaches other hosts), its timers are gone, and the functions
// given to OnCrash run. A proc that crashes its own host ends at its next wait.
func (h *Host) Crash() {
	if h.down {
		return
	}
	for _, k := range h.held {
		h.w.ready.push(k) // to be unwound like the others
	}
	h.down, h.paused, h.held = true, false, nil
	h.emit("crash")
	for _, fn := range h.onCrash {
		fn()
	}
	h.onCrash = nil
	for _, p := range h.w.procsOf(h) {
		h.w.kill(p)
	}
	h.w.ready.filter(func(k task) bool {
		if k.p != nil || k.host() != h {
			return true
		}
		k.t.queue = false
		return false
	})
	h.w.loose.forget(h)
}

// Restart boots the process anew after a crash; it does nothing if it runs.
func (h *Host) Restart() {
	if !h.down {
		return
	}
	h.down = false
	h.inc++
	h.env = newEnv(&Env{w: h.w, host: h, inc: h.inc})
	h.emit("boot")
	if h.boot != nil {
		env := h.env
		env.Go("boot", func() { h.boot(env) })
	}
}

// OnCrash has fn called, on the scheduler, when this incarnation crashes. It is
// for objects that outlive the process, such as network connections.
func (h *Host) OnCrash(fn func()) { h.onCrash = append(h.onCrash, fn) }

// OnCrash has fn called when this incarnation of the host crashes. It does nothing
// if that has happened, and in real time.
func (e *Env) OnCrash(fn func()) {
	if e.w != nil && e.Alive() {
		e.host.OnCrash(fn)
	}
}

// Pause stops the process as SIGSTOP does: it runs nothing until Resume, while
// time and its timers go on; what came due meanwhile happens at Resume, in order.
func (h *Host) Pause() {
	if h.down || h.paused {
		return
	}
	h.paused = true
	h.emit("pause")
	h.w.ready.filter(func(k task) bool {
		if k.host() == h {
			h.held = append(h.held, k)
			return false
		}
		return true
	})
}

// Resume lets a paused process run again.
func (h *Host) Resume() {
	if !h.paused {
		return
	}
	h.paused = false
	h.emit("resume")
	for _, k := range h.held {
		h.w.ready.push(k)
	}
	h.held = h.held[:0]
}

// StepClock moves the host's wall clock by d.
func (h *Host) StepClock(d time.Duration) {
	h.skew += d
	h.emit("clock")
}

// Drift returns how much faster the wall clock runs, in parts per billion.
func (h *Host) Drift() int64 { return h.drift }

// SetDrift makes the wall clock run faster by ppb parts per billion from now on,
// slower if negative; what it shows now stays.
func (h *Host) SetDrift(ppb int64) {
	before := h.wall(0, h.w.now)
	h.drift = ppb
	h.skew += time.Duration(before - h.wall(0, h.w.now))
	h.emit("clock")
}

func (h *Host) emit(what string) {
	if h.env != nil {
		h.env.Emit(trace.KindHost, trace.Str("what", what))
	}
}

func (h *Host) filterHeld(keep func(task) bool) {
	h.held = slices.DeleteFunc(h.held, func(k task) bool { return !keep(k) })
}

// wall computes epoch + skew + now*(1+drift) in integers.
func (h *Host) wall(epoch int64, now Time) int64 {
	t := epoch + int64(h.skew) + int64(now)
	if h.drift == 0 {
		return t
	}
	ppb, sign := h.drift, int64(1)
	if ppb < 0 {
		ppb, sign = -ppb, -1
	}
	hi, lo := bits.Mul64(uint64(now), uint64(ppb))
	gained, _ := bits.Div64(hi, lo, 1e9)
	return t + sign*int64(gained)
}
