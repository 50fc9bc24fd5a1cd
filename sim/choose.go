package sim

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Chooser is the only source of scheduling nondeterminism of a [World].
//
// Choose returns a number in [0, n). It is asked only when n > 1. Number 0 is
// always the dull alternative: first come first served, no switch, no fault,
// shortest delay. A chooser must not call back into the world other than through
// the point's methods.
type Chooser interface {
	Choose(p *Point, n int) int
}

// Preempter is an optional ability of a [Chooser]: if Preempts answers true, the
// world also asks before each lock, wait, channel, select and shared-atomic
// operation whether another runnable task should go first.
type Preempter interface {
	Preempts() bool
}

// ChoiceKind says what a decision is about.
type ChoiceKind uint8

// The kinds of decisions. Other packages may ask with kinds of their own from
// KindUser on.
const (
	// KindTask: which runnable task goes next; 0 is the one that became ready first.
	KindTask ChoiceKind = iota
	// KindSwitch: whether another task goes before the current proc's operation;
	// 0 is to go on, i > 0 is the i-th ready task.
	KindSwitch
	// KindWaiter: which waiter a lock, semaphore, channel or signal serves; 0 is
	// the one that waited longest.
	KindWaiter
	// KindBarge: like KindWaiter for a mutex, with one more alternative at the
	// end: leave the mutex free so that whoever comes first takes it.
	KindBarge
	// KindSelect: which of several ready cases a Select takes; 0 is the first listed.
	KindSelect
	// KindFault: whether, or which, fault happens; 0 is none.
	KindFault
	// KindDelay: which delay bucket is used; 0 is the shortest.
	KindDelay
	// KindStall: for how long the task that goes next is put aside; 0 is not at all,
	// see [StallLength].
	KindStall
	// KindUser is the first kind free for components.
	KindUser
)

// String names the kind as it is written in decision logs.
func (k ChoiceKind) String() string {
	names := [...]string{"task", "switch", "waiter", "barge", "select", "fault", "delay", "stall"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("user-%d", k-KindUser)
}

// Point describes one decision while it is made. It is valid only during the
// call of Choose.
type Point struct {
	// Kind says what is decided.
	Kind ChoiceKind
	// Op is the operation that the current proc is about to do (KindSwitch), or
	// the one for which a waiter or a case is chosen.
	Op Op
	// Time is the virtual time of the decision.
	Time Time
	// Step is the number of the scheduler step in which it is made.
	Step uint64

	obj *Object
	w   *World
	// aside is the proc that a KindStall point is about.
	aside *Proc
	// clock is the place of the clock among the alternatives when nothing is runnable
	// and timers may fire early; else -1.
	clock int
}

// Object names the object that the operation is on, or the empty string. The name
// is built anew by each call.
func (p *Point) Object() string {
	if p.obj == nil {
		return ""
	}
	return p.obj.FullName()
}

// Next is what the i-th alternative is about to do: the operation, and the name of the object
// as it was given, without host and path. It costs nothing. A timer does OpTimer; what has
// waited and goes on, OpNone.
func (p *Point) Next(i int) (op Op, tool string) {
	o := p.obj
	if p.Kind == KindSelect || p.Kind == KindSwitch && i == 0 {
		op = p.Op
	} else if k, early := p.task(i); early || k.p == nil {
		return OpTimer, ""
	} else if k.p.wait.used > 0 {
		return OpNone, ""
	} else {
		op, o = k.p.wait.op, k.p.wait.obj
	}
	if o != nil {
		tool = o.name
	}
	return op, tool
}

// Task describes the i-th alternative of a KindTask or KindSwitch point. For
// KindSwitch, alternative 0 is the current proc. For KindStall, all stand for the task
// that goes next. An alternative that fires a timer early has the timer's ID, name and
// operation; the one that lets the time go on has ID 0.
func (p *Point) Task(i int) TaskInfo {
	k, timer := p.task(i)
	if timer {
		return p.timerInfo(k.t)
	}
	if p.Kind == KindSwitch && i == 0 {
		info := k.info()
		info.Op, info.Object = p.Op, p.Object()
		return info
	}
	return k.info()
}

// TaskID is the ID of [Point.Task]; it costs nothing.
func (p *Point) TaskID(i int) uint64 {
	k, timer := p.task(i)
	if timer {
		return k.t.ownerID()
	}
	return k.id()
}

// Pending is the number of the object that the i-th alternative is about to operate on,
// or was waiting for; 0 if there is none. It costs nothing.
func (p *Point) Pending(i int) uint64 {
	if p.Kind == KindSwitch && i == 0 {
		return p.obj.id
	}
	if k, timer := p.task(i); !timer && k.p != nil && k.p.wait.obj != nil {
		return k.p.wait.obj.id
	}
	return 0
}

// Timer reports whether the i-th alternative is a timer rather than a proc. A timer that
// is part of a proc has the proc's ID.
func (p *Point) Timer(i int) bool {
	k, early := p.task(i)
	return early || k.t != nil
}

// OwnTimer reports whether the i-th alternative is a timer that is no part of a proc.
func (p *Point) OwnTimer(i int) bool {
	k, _ := p.task(i)
	return k.p == nil && (k.t == nil || k.t.proc == nil)
}

// Stop ends the run: nothing is done any more, whatever Choose returns. Reason becomes
// the outcome's ID.
func (p *Point) Stop(reason string) { p.w.Stop(reason) }

// task is the i-th alternative; early says that it is a timer that is not due.
func (p *Point) task(i int) (k task, early bool) {
	switch p.Kind {
	case KindStall:
		return task{p: p.aside}, false
	case KindSwitch:
		if i == 0 {
			return task{p: p.w.cur}, false
		}
		i--
	}
	if i < p.w.ready.n {
		return p.w.ready.at(i), false
	}
	return p.w.loose.alternative(i-p.w.ready.n, p.clock)
}

// TaskInfo identifies a schedulable task to choosers and reports.
type TaskInfo struct {
	// ID is unique in the world and equal in equal runs.
	ID uint64
	// Name is the hierarchical name, host first.
	Name string
	// Op and Object are what the task is about to do or was waiting for.
	Op     Op
	Object string
}

// Decision is one entry of a world's decision log.
type Decision struct {
	Kind ChoiceKind
	// N is the number of alternatives, C the one taken.
	N, C int32
}

// decisionLog is a list of decisions in chunks, so that growing copies nothing. A
// decision takes three bytes: kind, n and c; or, with a 0 in place of n, which is
// never less than 2, and four bytes more for each of n and c, ten.
type decisionLog struct {
	full [][]byte
	last []byte
}

const (
	decisionChunk = 16 << 10
	decisionMax   = 10 // bytes
)

func (l *decisionLog) add(d Decision) {
	if cap(l.last)-len(l.last) < decisionMax {
		l.grow()
	}
	if d.N < 256 {
		l.last = append(l.last, byte(d.Kind), byte(d.N), byte(d.C))
		return
	}
	l.last = append(l.last, byte(d.Kind), 0)
	l.last = binary.LittleEndian.AppendUint32(l.last, uint32(d.N))
	l.last = binary.LittleEndian.AppendUint32(l.last, uint32(d.C))
}

func (l *decisionLog) grow() {
	if cap(l.last) >= decisionChunk {
		l.full = append(l.full, l.last)
		l.last = make([]byte, 0, decisionChunk)
	} else {
		l.last = append(make([]byte, 0, max(256, min(4*cap(l.last), decisionChunk))), l.last...)
	}
}

func (l *decisionLog) all() []Decision {
	var list []Decision
	for b := slices.Concat(append(l.full, l.last)...); len(b) > 0; {
		if b[1] > 0 {
			list = append(list, Decision{ChoiceKind(b[0]), int32(b[1]), int32(b[2])})
			b = b[3:]
			continue
		}
		n, c := binary.LittleEndian.Uint32(b[2:]), binary.LittleEndian.Uint32(b[6:])
		list = append(list, Decision{ChoiceKind(b[0]), int32(n), int32(c)})
		b = b[10:]
	}
	return list
}

// choose makes one decision, logs it and feeds the hash.
func (w *World) choose(kind ChoiceKind, op Op, obj *Object, n int) int {
	if n <= 1 && (w.toucher == nil || kind != KindTask && kind != KindSwitch) || w.chooser == nil {
		return 0
	}
	p := &w.point
	p.Kind, p.Op, p.Time, p.Step, p.obj = kind, op, w.now, w.steps, obj
	w.asking = true
	c := w.chooser.Choose(p, n)
	w.asking = false
	if n <= 1 {
		return 0 // the toucher was told which task goes next: no decision
	}
	if c < 0 || c >= n {
		panic(fmt.Sprintf("sim: chooser returned %d for %s with %d alternatives", c, kind, n))
	}
	w.decisions.add(Decision{kind, int32(n), int32(c)})
	w.hash = mix(w.hash, uint64(kind)<<56|uint64(c))
	return c
}
