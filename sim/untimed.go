package sim

import "slices"

// Untimed worlds. In a formal model a timer may fire at any time after it was set, since
// nobody knows how slow the rest of the world is. A chooser with this ability gets the
// same: besides the runnable tasks it may take any set timer. The clock then goes to the
// timer's time; it never goes back, and what was due before is late. A Select that finds
// another case ready may take its instant instead, too; whether that has come does not count.

// Untimed is an optional ability of a [Chooser]: if Untimed answers true, timers may fire
// in any order. The alternatives of [KindTask] and [KindSwitch] then end with the timers
// that are set, earliest first; if nothing is runnable, there is one more, in the order of
// time, that lets the clock go on to what is not free to come early.
type Untimed interface {
	Untimed() bool
	// FiresEarly reports whether the timer may fire before its time. It is asked when the
	// timer is set. A sleeping proc, or the deadline of its Select, has the proc's name.
	FiresEarly(host, name string) bool
}

// looseTimers are the set timers that may fire early: by instant, then in the order of
// their setting.
type looseTimers struct {
	list []looseTimer
}

type looseTimer struct {
	when Time
	t    *Timer
}

// loosen sets t as one that may fire early, if it may.
func (w *World) loosen(t *Timer, at Time) bool {
	host, name := t.owner()
	if at == Never || !w.untimed.FiresEarly(host, name) {
		return false
	}
	t.loose = true
	list := w.loose.list
	i := len(list)
	for i > 0 && list[i-1].when > at {
		i--
	}
	w.loose.list = slices.Insert(list, i, looseTimer{at, t})
	return true
}

// remove takes t out; it is there.
func (l *looseTimers) remove(t *Timer) bool {
	t.loose = false
	l.list = slices.DeleteFunc(l.list, func(x looseTimer) bool { return x.t == t })
	return true
}

// forget takes out the timers of a host that has crashed.
func (l *looseTimers) forget(h *Host) {
	l.list = slices.DeleteFunc(l.list, func(x looseTimer) bool {
		gone := x.t.env != nil && x.t.env.host == h
		x.t.loose = x.t.loose && !gone
		return gone
	})
}

// alternative is the i-th timer, where the clock takes one place (-1 for none).
func (l *looseTimers) alternative(i, clock int) (k task, early bool) {
	switch {
	case i == clock:
		return task{}, true
	case clock >= 0 && i > clock:
		i--
	}
	return task{t: l.list[i].t}, true
}

// early is how many timers may be chosen now.
func (w *World) early() int {
	n := len(w.loose.list)
	for n > 0 && w.loose.list[n-1].when > w.limit {
		n--
	}
	return n
}

// fireEarly turns an alternative, runnable task or timer, into a place in the ready ring.
// It is -1 if firing the timer made nothing runnable: its host is paused.
func (w *World) fireEarly(i int) int {
	n := w.ready.n
	if i < n || w.outcome != nil {
		return i
	}
	w.fireLoose(i - n)
	if w.ready.n == n {
		return -1
	}
	return n
}

// fireLoose fires the i-th timer.
func (w *World) fireLoose(i int) {
	x := w.loose.list[i]
	w.loose.remove(x.t)
	w.skipTo(x.when)
	w.touchID(x.t.ownerID())
	w.expire(x.t)
}

// skipTo lets the clock go on to an instant, if it has not passed.
func (w *World) skipTo(t Time) {
	if t > w.now {
		w.now, w.instant = t, 0
		w.touchID(TouchedClock)
	}
}

// advanceUntimed fires a timer although nothing is runnable, if the chooser wants that
// rather than that time goes on, and says whether it did.
func (w *World) advanceUntimed() bool {
	n := w.early()
	if n == 0 {
		return false
	}
	next := w.nextOutside
	if w.timers.len() > 0 {
		next = min(next, w.timers.next())
	}
	clock := -1
	if next <= w.limit && next < Never {
		clock = 0
		for clock < n && w.loose.list[clock].when < next {
			clock++
		}
		n++
	}
	w.point.clock = clock
	c := w.choose(KindTask, OpNone, nil, n)
	w.point.clock = -1
	switch {
	case w.outcome != nil || c == clock:
		return false
	case clock >= 0 && c > clock:
		c--
	}
	w.fireLoose(c)
	w.forced = w.ready.n - 1 // it goes next; -1 if it made nothing runnable
	return true
}

// owner is the host of a timer and its name, or that of the proc that it is part of.
func (t *Timer) owner() (host, name string) {
	if p := t.proc; p != nil {
		return p.host.name, p.env.prefix + p.name
	}
	return t.env.host.name, t.env.prefix + t.name
}

// ownerID is 0 for no timer, which stands for the clock.
func (t *Timer) ownerID() uint64 {
	switch {
	case t == nil:
		return 0
	case t.proc != nil:
		return t.proc.id
	}
	return t.id
}

func (p *Point) timerInfo(t *Timer) TaskInfo {
	if t == nil {
		return TaskInfo{Name: "the clock", Op: OpTimer}
	}
	host, name := t.owner()
	return TaskInfo{ID: t.ownerID(), Name: host + "/" + name, Op: OpTimer}
}
