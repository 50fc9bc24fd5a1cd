package sim

// Cond is like sync.Cond. Make one with [Env.NewCond].
type Cond struct {
	Object
	// L is held while the condition is looked at or changed.
	L Locker
	q waitList
}

// NewCond returns a condition whose lock is l.
func (e *Env) NewCond(name string, l Locker) *Cond { return &Cond{Object: e.object(name), L: l} }

// Wait gives up c.L, blocks until woken, and takes c.L again. The condition must
// be looked at again after it returns.
func (c *Cond) Wait() {
	c.enterQuiet()
	wt := c.env.begin(OpWait, &c.Object)
	wt.enrol(&c.q, c)
	c.exit()
	c.L.Unlock()
	c.enterQuiet()
	wt.park() // if a live goroutine was woken meanwhile, this returns at once
	c.exit()
	c.L.Lock()
}

// Signal wakes one waiter, the one that waited longest by default.
func (c *Cond) Signal() {
	c.enter(OpSignal)
	c.signalQuiet()
	c.exit()
}

func (c *Cond) signalQuiet() {
	if c.q.n > 0 {
		c.q.at(c.pickWaiter(OpSignal, c.q.n)).fire()
	}
}

// Broadcast wakes all waiters, in the order in which they came.
func (c *Cond) Broadcast() {
	c.enter(OpSignal)
	for c.q.n > 0 {
		c.q.head.fire()
	}
	c.exit()
}

// inherit implements heir: a signal to a proc that was killed wakes another.
func (c *Cond) inherit(_ *node, fired bool) {
	if fired {
		c.signalQuiet()
	}
}
