package sim

import (
	"slices"
	"time"
)

// Case is one alternative of a [Env.Select]; see [OnEvent], [OnRecv], [OnSend],
// [OnDone], [At] and [After].
type Case struct {
	src  selectable
	send bool
	when Time
	data any // *T for a receive, *T for a send
	ok   *bool
}

// selectable is what a waiting tool does for Select. All methods run inside the
// monitor.
type selectable interface {
	header() *Object
	caseReady(c *Case) bool
	caseTake(c *Case)
	caseEnrol(c *Case, wt *wait)
	// caseFinish runs after the wait; fired says whether this case won.
	caseFinish(c *Case, n *node, fired bool)
}

// At is a Select case that is ready from instant t on.
func At(t Time) Case { return Case{when: t} }

// After is a Select case that is ready d from now.
func (e *Env) After(d time.Duration) Case { return Case{when: e.Now().Add(d)} }

// maxReady bounds the number of ready cases that a choice looks at.
const maxReady = 16

// Select blocks until one of the cases can go on, does it, and returns its
// index. Like Go's select it takes any of several ready cases (the first listed
// by default; Go picks at random). At most one case may be an instant.
func (e *Env) Select(cases ...Case) int {
	kept := e.keep(cases)
	o := e.selectObject(kept)
	o.enter(OpSelect)
	i, ok := e.selectReady(o, kept)
	if !ok {
		wt := e.selectBegin(o, kept)
		wt.park()
		i = e.selectEnd(wt, kept)
	}
	o.exit()
	clear(kept)
	return i
}

// keep copies the cases to where waiting tools may point to them: into the proc, if they
// fit. The caller's own list then never has to be on the heap.
func (e *Env) keep(cases []Case) []Case {
	if e.w != nil && e.w.cur != nil {
		e.w.cur.expects = int32(len(cases))
	}
	if e.w != nil && e.w.cur != nil && len(cases) <= casesOwn {
		own := e.w.cur.cases[:len(cases)]
		copy(own, cases)
		return own
	}
	return append([]Case(nil), cases...)
}

// casesOwn is how many cases of a Select are part of a proc.
const casesOwn = 3

// TrySelect is Select with a default: it returns -1 if no case is ready.
func (e *Env) TrySelect(cases ...Case) int {
	kept := e.keep(cases)
	o := e.selectObject(kept)
	o.enter(OpSelect)
	i, ok := e.selectReady(o, kept)
	if !ok {
		i = -1
	}
	o.exit()
	clear(kept)
	return i
}

func (e *Env) selectObject(cases []Case) *Object {
	for i := range cases {
		if cases[i].src != nil {
			return cases[i].src.header()
		}
	}
	return &e.self
}

func (e *Env) selectReady(o *Object, cases []Case) (int, bool) {
	var ready [maxReady]int
	n := 0
	for i := range cases {
		if w := e.w; w != nil && w.toucher != nil {
			w.touchCase(&cases[i])
		}
		if e.caseReady(&cases[i]) && n < maxReady {
			ready[n] = i
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	if at := e.freeInstant(cases); at >= 0 && n < maxReady {
		ready[n] = at
		n++
		slices.Sort(ready[:n])
	}
	pick := 0
	if e.w != nil {
		pick = e.w.choose(KindSelect, OpSelect, o, n)
	} else if n > 1 {
		pick = e.live.Intn(n)
	}
	c := &cases[ready[pick]]
	if c.src != nil {
		c.src.caseTake(c)
	} else if e.w != nil {
		e.w.skipTo(c.when)
	}
	return ready[pick], true
}

func (e *Env) caseReady(c *Case) bool {
	if c.src == nil {
		return c.when <= e.Now() && !e.freeTimers()
	}
	return c.src.caseReady(c)
}

// freeTimers reports whether the running proc's timers may fire at any time, see [Untimed].
// Then nobody looks at the clock: the instant of a Select is over when its timer has fired, or
// if another case is ready, and the chooser wants that.
func (e *Env) freeTimers() bool {
	if e.w == nil || e.w.untimed == nil || e.w.cur == nil {
		return false
	}
	p := e.w.cur
	return e.w.untimed.FiresEarly(p.host.name, p.env.prefix+p.name)
}

// freeInstant is the case that is an instant, if it may be over at any time; else -1.
func (e *Env) freeInstant(cases []Case) int {
	i := slices.IndexFunc(cases, func(c Case) bool { return c.src == nil && c.when != Never })
	if i < 0 || !e.freeTimers() || cases[i].when > e.w.limit {
		return -1
	}
	return i
}

func (e *Env) selectBegin(o *Object, cases []Case) *wait {
	wt := e.begin(OpSelect, o)
	for i := range cases {
		c := &cases[i]
		if c.src != nil {
			c.src.caseEnrol(c, wt)
			continue
		}
		n := wt.enrol(nil, nil)
		if c.when != Never {
			e.armWait(wt, n, c.when)
		}
	}
	return wt
}

func (e *Env) selectEnd(wt *wait, cases []Case) int {
	fired := int(wt.fired)
	e.disarmWait(wt)
	for i := range cases {
		if src := cases[i].src; src != nil && i != fired {
			src.caseFinish(&cases[i], wt.node(i), false)
		}
	}
	if src := cases[fired].src; src != nil { // last: it may panic
		src.caseFinish(&cases[fired], wt.node(fired), true)
	}
	return fired
}
