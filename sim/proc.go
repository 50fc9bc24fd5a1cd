package sim

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Proc is a simulated goroutine: a coroutine that only the scheduler resumes.
type Proc struct {
	id     uint64
	seat   seat
	co     *coro
	host   *Host
	cause  uint64 // step that made it ready
	place  int32  // in the world's list of live procs
	state  procState
	locks  int32 // held, those for reading not counted
	daemon bool
	killed bool
	whole  bool // ended by returning or by a panic
	timer  Timer
	aside  *Timer // ends a stall; nil until the first
	wait   wait
	cases  [casesOwn]Case // of the Select under way
	// expects is how many cases that Select has; if there are more than fit, they are elsewhere.
	expects int32
	group   *WaitGroup // the last one that it waited for
	name    string
	env     *Env
	fn      func()
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

// giveWay lets the other runnable tasks go first.
func (p *Proc) giveWay(op Op, obj *Object) {
	w, wt := p.host.w, &p.wait
	wt.op, wt.obj, wt.since = op, obj, w.now
	wt.used, wt.fired = 0, -1
	p.makeReady()
	if box := w.handOver(p); box != nil {
		if box.flip() {
			box.next()
		} else {
			box.yield(struct{}{})
		}
		if p.killed {
			panic(killed{})
		}
	}
}

// makeReady puts the proc behind all other runnable tasks.
func (p *Proc) makeReady() {
	w := p.host.w
	p.state = procReady
	p.cause = w.steps
	w.enqueue(task{p: p}, p.host)
}

// spawn starts a proc. A dead process starts nothing: its procs end before they begin.
func (w *World) spawn(e *Env, name string, fn func(), daemon bool) {
	id := e.nextID()
	if !e.Alive() || w.closed {
		return
	}
	p := w.newProc()
	p.id, p.name, p.env, p.host, p.fn, p.daemon = id, name, e, e.host, fn, daemon
	p.wait.op, p.wait.obj = OpStart, nil
	p.place = int32(len(w.procs))
	w.procs = append(w.procs, p)
	if !daemon {
		w.workers++
		w.hadWorker = true
	}
	p.makeReady()
}

func (w *World) newProc() *Proc {
	if n := len(w.pool.procs); n > 0 {
		p := w.pool.procs[n-1]
		w.pool.procs = w.pool.procs[:n-1]
		return p
	}
	p := new(Proc)
	p.timer.proc = p
	p.wait.proc = p
	p.wait.own()
	return p
}

// boot gives p a coroutine.
func (w *World) boot(p *Proc) {
	p.co = w.pool.get()
	p.co.p = p
	p.seat.at = p.co.at
}

// unwind runs p, which is killed, to its end; then the caller goes on.
func (w *World) unwind(p *Proc) {
	if p.co == nil {
		w.boot(p)
	}
	before, back := w.cur, w.back
	w.cur, w.back, p.state = p, w.on, procRunning
	w.turnTo(&p.seat).swap()
	w.cur, w.back = before, back
	w.reap(p)
}

// body is what a coroutine runs for its proc. The recovery must be here: a panic
// loses its stack when it leaves the coroutine.
func (p *Proc) body() {
	defer p.ended()
	p.whole = false
	if !p.killed {
		p.fn()
	}
	p.whole = true
}

func (p *Proc) ended() {
	p.state = procDone
	w := p.host.w
	switch v := recover().(type) {
	case nil:
		if !p.whole {
			w.turnTo(w.back).swap() // for ever: see reap
		}
		return
	case killed:
	case assertion:
		w.end(Outcome{Kind: AssertionFailed, ID: v.id, Detail: fmt.Sprintf("%s\nin proc %s", v, p.fullName())})
	default:
		w.end(Outcome{Kind: Panicked, Detail: fmt.Sprintf("panic: %v\nin proc %s\n%s", v, p.fullName(), debug.Stack())})
	}
	p.whole = true
}

// reap takes an ended proc out of the world and keeps its coroutine and its
// memory for the next one. If the proc called runtime.Goexit, as a failing test does,
// the goroutine that runs the world does the same.
func (w *World) reap(p *Proc) {
	last := len(w.procs) - 1
	moved := w.procs[last]
	w.procs[p.place], moved.place = moved, p.place
	w.procs[last] = nil
	w.procs = w.procs[:last]
	if !p.daemon {
		w.workers--
	}
	w.disarm(&p.timer)
	if w.toucher != nil {
		w.toucher.Ended(p.id)
	}
	if !p.whole {
		runtime.Goexit()
	}
	p.co.at = p.seat.at
	w.pool.put(p.co)
	p.co, p.env, p.fn, p.killed = nil, nil, nil, false
	p.id, p.timer.node, p.wait.used, p.locks, p.group = 0, nil, 0, 0, nil
	w.pool.procs = append(w.pool.procs, p)
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
	p.wait.abandon()
	w.unwind(p)
}
