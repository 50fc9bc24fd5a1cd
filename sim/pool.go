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

// Close frees the idle coroutines. The pool can be used again afterwards.
func (p *Pool) Close() {
	for _, c := range p.idle {
		c.close()
	}
	p.idle, p.procs = nil, nil
}
