package sim

import (
	"fmt"
	"runtime/debug"
)

// Proc is a simulated goroutine: a coroutine that only the scheduler resumes.
type Proc struct {
	id     uint64
	name   string
	env    *Env
	fn     func()
	co     *coro
	place  int32 // in the world's list of live procs
	state  procState
	daemon bool
	killed bool
	cause  uint64 // step that made it ready
	wait   wait
	timer  Timer
}

type procState uint8

const (
	procReady procState = iota
	procRunning
	procWaiting
	procDone
)

// killed unwinds the procs of a crashed host: deferred calls run, waits panic again.
type killed struct{}

func (p *Proc) fullName() string { return p.env.qualify(p.name) }

func (p *Proc) info() TaskInfo {
	info := TaskInfo{ID: p.id, Name: p.fullName(), Op: p.wait.op}
	if p.wait.obj != nil {
		info.Object = p.wait.obj.FullName()
	}
	return info
}

// park gives control back to the scheduler until the proc is resumed.
func (p *Proc) park() {
	if p.killed {
		panic(killed{})
	}
	if p.state == procRunning {
		p.state = procWaiting
	}
	p.co.yield()
	if p.killed {
		p.wait.abandon()
		panic(killed{})
	}
}

// abandon leaves all wait lists when the proc is killed, and passes on a mutex
// that was handed to it.
func (wt *wait) abandon() {
	wt.unlink()
	if wt.grants != nil && wt.fired >= 0 {
		wt.grants.release()
	}
}

// makeReady puts the proc behind all other runnable tasks.
func (p *Proc) makeReady() {
	p.state = procReady
	p.cause = p.env.w.steps
	p.env.w.enqueue(task{p: p}, p.env.host)
}

func (w *World) spawn(e *Env, name string, fn func(), daemon bool) *Proc {
	p := w.newProc()
	p.id, p.name, p.env, p.fn, p.daemon = e.nextID(), name, e, fn, daemon
	p.wait.proc = p
	p.place = int32(len(w.procs))
	w.procs = append(w.procs, p)
	if !daemon {
		w.workers++
		w.hadWorker = true
	}
	if !e.Alive() || w.closed {
		p.killed = true // started by an unwinding proc: it ends before it begins
	}
	p.makeReady()
	return p
}

func (w *World) newProc() *Proc {
	if n := len(w.spare); n > 0 {
		p := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return p
	}
	return new(Proc)
}

// resume runs p until it parks or ends.
func (w *World) resume(p *Proc) {
	if p.co == nil {
		p.co = w.pool.get()
		p.co.p = p
	}
	before := w.cur
	w.cur, p.state = p, procRunning
	p.co.resume()
	w.cur = before
	if p.state == procDone {
		w.reap(p)
	}
}

// body is what a coroutine runs for its proc. The recovery must be here: a panic
// loses its stack when it leaves the coroutine.
func (p *Proc) body() {
	defer func() {
		if v := recover(); v != nil {
			p.env.w.recovered(p, v)
		}
		p.state = procDone
	}()
	if !p.killed {
		p.fn()
	}
}

func (w *World) recovered(p *Proc, v any) {
	switch v := v.(type) {
	case killed:
	case assertion:
		w.end(Outcome{Kind: AssertionFailed, ID: v.id, Detail: fmt.Sprintf("%s\nin proc %s", v, p.fullName())})
	default:
		w.end(Outcome{Kind: Panicked, Detail: fmt.Sprintf("panic: %v\nin proc %s\n%s", v, p.fullName(), debug.Stack())})
	}
}

// reap takes an ended proc out of the world and keeps its coroutine and its
// memory for the next one.
func (w *World) reap(p *Proc) {
	last := len(w.procs) - 1
	w.procs[p.place] = w.procs[last]
	w.procs[p.place].place = p.place
	w.procs[last] = nil
	w.procs = w.procs[:last]
	if !p.daemon {
		w.workers--
	}
	w.timers.remove(&p.timer)
	w.pool.put(p.co)
	extra := p.wait.extra
	*p = Proc{}
	p.wait.extra = extra
	w.spare = append(w.spare, p)
}

// kill unwinds p now, or at its next wait if it is the running proc.
func (w *World) kill(p *Proc) {
	if p.killed || p.state == procDone {
		return
	}
	p.killed = true
	if p.state == procRunning {
		return
	}
	if p.state == procReady {
		w.dequeue(p)
	}
	w.disarm(&p.timer)
	w.resume(p)
}
