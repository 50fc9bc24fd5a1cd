package sim

// Futile reports whether all that the i-th alternative can do is to begin to wait, and
// nobody would notice that it does: it is about to take a lock that another proc holds, or
// to wait for events of which none has happened, or for a group that is not done. Then it
// makes no difference whether it goes now or later. False means that nothing is known.
func (p *Point) Futile(i int) bool {
	k, early := p.task(i)
	if early || k.p == nil {
		return false
	}
	o, op := k.p.wait.obj, k.p.wait.op
	if p.Kind == KindSwitch && i == 0 {
		o, op = p.obj, p.Op
	} else if k.p.wait.used > 0 {
		return false // it has waited, and goes on
	}
	switch op {
	case OpLock, OpRLock:
		return o.holding() != nil
	case OpWait:
		if g := k.p.group; g != nil && o == &g.Object {
			return g.n > 0
		}
		return k.p.expects == 1 && k.p.cases[0].src != nil && k.p.cases[0].src.header() == o && p.w.hopeless(k.p)
	case OpSelect:
		return p.w.hopeless(k.p)
	}
	return false
}

// Locked reports whether the current proc of a KindSwitch point holds a lock.
func (p *Point) Locked() bool { return p.Kind == KindSwitch && p.w.cur.locks > 0 }

// Woken is the number of the case by which the i-th alternative, a proc that has waited, goes
// on; -1 if it has not waited.
func (p *Point) Woken(i int) int {
	k, early := p.task(i)
	if early || k.p == nil || k.p.wait.used == 0 || p.Kind == KindSwitch && i == 0 {
		return -1
	}
	return int(k.p.wait.fired)
}

// Begins reports whether the i-th alternative is a proc that has not begun yet.
func (p *Point) Begins(i int) bool {
	k, early := p.task(i)
	return !early && k.p != nil && k.p.wait.op == OpStart && k.p.state == procReady
}

// hopeless reports whether what p waits for is known and has not happened: events, and in a
// timed world an instant to come. In an untimed one its timer could fire once it is set.
func (w *World) hopeless(p *Proc) bool {
	if p.expects > casesOwn {
		return false
	}
	for i := range p.expects {
		c := &p.cases[i]
		switch e, isEvent := c.src.(*Event); {
		case c.src == nil:
			if w.untimed != nil || c.when <= w.now {
				return false
			}
		case !isEvent || e.set:
			return false
		}
	}
	return true
}

// expect notes what the running proc is about to wait for.
func (g *WaitGroup) expect() {
	if w := g.env.w; w != nil && w.cur != nil {
		w.cur.group = g
	}
}

// expect notes what the running proc is about to wait for.
func (v *Event) expect() {
	if w := v.env.w; w != nil && w.cur != nil {
		w.cur.cases[0], w.cur.expects = Case{src: v}, 1
	}
}
