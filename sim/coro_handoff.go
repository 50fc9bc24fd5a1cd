//go:build bufsim_handoff

package sim

// coro is a coroutine on a goroutine that hands control over through channels:
// four times slower than iter.Pull. It exists to cross-check the kernel: both
// back ends must give the same hashes.
type coro struct {
	p         *Proc
	run, rest chan struct{}
	started   bool
}

func newCoro() *coro { return &coro{run: make(chan struct{}), rest: make(chan struct{})} }

func (c *coro) loop() {
	for range c.run {
		c.p.body(c.yield)
		c.rest <- struct{}{}
	}
}

// next runs the coroutine until it yields or its proc ends.
func (c *coro) next() (struct{}, bool) {
	if !c.started {
		c.started = true
		go c.loop()
	}
	c.run <- struct{}{}
	<-c.rest
	return struct{}{}, true
}

// yield gives control back to whoever resumed.
func (c *coro) yield(struct{}) bool {
	c.rest <- struct{}{}
	<-c.run
	return true
}

// close frees an idle coroutine.
func (c *coro) close() { close(c.run) }
