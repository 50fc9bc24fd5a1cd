//go:build !bufsim_handoff

package sim

import "iter"

// coro is a coroutine on iter.Pull: about 35 ns a switch, a public API, and the
// race detector and profiler understand it.
type coro struct {
	p    *Proc
	next func() (struct{}, bool)
	stop func()
}

func newCoro() *coro {
	c := &coro{}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		for {
			c.p.body(yield)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// close frees an idle coroutine.
func (c *coro) close() { c.stop() }
