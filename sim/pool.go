package sim

// Pool keeps ended coroutines with their grown stacks for later procs: a spawn
// then costs two switches instead of a new coroutine. A World has one of its own
// unless [Config.Pool] gives it one to share with the worlds that the same
// goroutine runs before and after it. A Pool is not safe for concurrent use.
type Pool struct {
	idle  []*coro
	procs []*Proc // ended, empty
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{} }

func (p *Pool) get() *coro {
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return c
	}
	return newCoro()
}

func (p *Pool) put(c *coro) {
	if c == nil {
		return
	}
	c.p = nil
	p.idle = append(p.idle, c)
}

// Close frees the idle coroutines. Those that have changed places with procs of a
// world that is not closed yet stay. The pool can be used again afterwards.
func (p *Pool) Close() {
	in := make(map[*mailbox]*coro, len(p.idle))
	for _, c := range p.idle {
		in[c.at] = c
	}
	kept := p.idle[:0:0]
	for _, c := range p.idle {
		if in[c.at] == c {
			kept = append(kept, closeCircle(c, in)...)
		}
	}
	p.idle, p.procs = kept, nil
}

// closeCircle ends c, the one that waits in the mailbox of c, the one that waits in
// the mailbox of that one, and so on. If the circle is not complete, because there
// are procs in it, it returns its coroutines instead. Either way it takes them out of in.
func closeCircle(c *coro, in map[*mailbox]*coro) []*coro {
	var circle []*coro
	last := c
	for c != nil {
		delete(in, c.at)
		circle = append(circle, c)
		last, c = c, in[&c.home]
	}
	if circle[0].at != &last.home {
		return circle
	}
	if circle[0] != last {
		circle[0].at.swap() // all go home, one after the other
	}
	for _, c := range circle {
		c.home.swap()
	}
	return nil
}
