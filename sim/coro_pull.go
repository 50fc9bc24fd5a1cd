//go:build !bufsim_handoff

package sim

import "iter"

// coro is a coroutine on iter.Pull: about 35 ns a switch, a public API, and the
// race detector and profiler understand it.
type coro struct {
	p    *Proc
	next func() (struct{}, bool)
	stop func()
	give func(struct{}) bool
}

func newCoro() *coro {
	c := &coro{}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.give = yield
		for {
			c.p.body()
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// resume runs the coroutine until it yields or its proc ends.
func (c *coro) resume() { c.next() }

// yield gives control back to whoever resumed.
func (c *coro) yield() { c.give(struct{}{}) }

// close frees an idle coroutine.
func (c *coro) close() { c.stop() }
