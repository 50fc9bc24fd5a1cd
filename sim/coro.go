package sim

// Coroutines. A coroutine is a goroutine that waits in a mailbox until somebody
// changes places with it. Each mailbox holds one goroutine that waits, never none
// and never two: whoever wants another one to run goes into its mailbox, and the
// other one comes out. So control passes from any goroutine to any other in one
// switch, without a way back through the scheduler, and mailboxes and goroutines
// mix freely. There is one mailbox for each coroutine; the goroutine that called
// [World.Run] is the one more that makes it possible for one to run.

// mailbox holds a goroutine that waits. Calling next and yield in turn, next first,
// changes places with it; which of the two it called itself does not matter.
type mailbox struct {
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	odd   bool // next was called last
}

// flip reports whether next must be called to change places, rather than yield.
func (m *mailbox) flip() bool {
	m.odd = !m.odd
	return m.odd
}

// swap lets the goroutine in the mailbox go on and waits there instead. Where it
// matters it is written out: see wait.park.
func (m *mailbox) swap() {
	if m.flip() {
		m.next()
	} else {
		m.yield(struct{}{})
	}
}

// coro is a goroutine that runs procs, one after the other.
type coro struct {
	p    *Proc    // the proc it runs; nil if it is idle
	at   *mailbox // where it waits while it is idle
	home mailbox  // the mailbox that was made with it
}

func newCoro() *coro {
	c := &coro{}
	c.at = &c.home
	c.home.open(c.work)
	return c
}

// work runs the procs that the coroutine is given. It is over when the coroutine
// is woken at home without a proc.
func (c *coro) work() {
	for c.p != nil {
		w := c.p.host.w
		c.p.body()
		w.turnTo(w.back).swap()
		for c.p == nil && c.at != &c.home {
			c.at = &c.home
			c.home.swap()
		}
	}
}

// seat is the place of a goroutine that takes part in a world: of a proc's, or of
// the one that runs the world.
type seat struct {
	at *mailbox // where it waits or, while it runs, waited last
}

// turnTo prepares that the goroutine of s runs next: the running one must change
// places with the one in the mailbox that turnTo returns.
func (w *World) turnTo(s *seat) *mailbox {
	w.on.at = s.at
	w.on = s
	return s.at
}
