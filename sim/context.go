package sim

import (
	"context"
	"time"
)

// Context carries a deadline, a cancellation and values, like context.Context,
// which it implements. Its deadline is in virtual time. Wait for its end with
// [OnDone]; the channel of Done exists only for code outside of the simulation.
type Context struct {
	env      *Env
	parent   *Context
	done     Event
	err      error
	deadline Time
	timer    *Timer
	children []*Context
	place    int // among the parent's children
	key, val any
	ch       chan struct{}
}

// Background returns a context that never ends.
func (e *Env) Background() *Context { return e.newContext(nil, Never) }

// timedContext is a context with a deadline of its own: every call has one, so that they
// are made in one piece.
type timedContext struct {
	Context
	own Timer
}

// newContext returns a child of parent that ends at an instant.
func (e *Env) newContext(parent *Context, at Time) *Context {
	var c *Context
	if parent != nil && at < parent.deadline {
		t := &timedContext{}
		c = &t.Context
		c.deadline, c.timer = at, &t.own
		e.initTimer(&t.own, "ctx-deadline")
		t.own.ends = c
	} else {
		c = &Context{deadline: Never}
	}
	c.env, c.parent = e, parent
	c.done.Object = Object{env: e, name: "ctx"}
	if parent == nil {
		return c
	}
	c.deadline = min(c.deadline, parent.deadline)
	e.enter()
	defer e.exit()
	if e.w != nil && e.w.toucher != nil && parent.ends() {
		e.w.touch(&parent.done.Object, OpStore)
	}
	switch {
	case parent.err != nil:
		c.end(parent.err)
	case at <= e.Now():
		c.end(context.DeadlineExceeded)
	default:
		if parent.ends() {
			c.place = len(parent.children)
			parent.children = append(parent.children, c)
		}
		if c.timer != nil {
			c.startTimer(at)
		}
	}
	return c
}

// ends reports whether c can ever end: a background and its values cannot.
func (c *Context) ends() bool {
	return c.parent != nil && (c.key == nil || c.parent.ends())
}

// startTimer and stopTimer run inside the monitor.
func (c *Context) startTimer(at Time) {
	if w := c.env.w; w != nil {
		w.arm(c.timer, at)
	} else {
		c.timer.armLive(at)
	}
}

// WithCancel returns a copy of parent that also ends when cancel is called.
// Calling cancel again does nothing; not calling it keeps a little memory until
// the parent ends.
func (e *Env) WithCancel(parent *Context) (ctx *Context, cancel func()) {
	return e.WithDeadline(parent, Never)
}

// WithDeadline is WithCancel with an instant at which the context ends.
func (e *Env) WithDeadline(parent *Context, at Time) (ctx *Context, cancel func()) {
	c := e.newContext(parent, at)
	return c, func() { c.cancel(context.Canceled) }
}

// WithTimeout is WithDeadline at d from now.
func (e *Env) WithTimeout(parent *Context, d time.Duration) (ctx *Context, cancel func()) {
	return e.WithDeadline(parent, e.Now().Add(d))
}

// WithValue returns a copy of parent in which key has value.
func (e *Env) WithValue(parent *Context, key, value any) *Context {
	c := e.newContext(parent, Never)
	c.key, c.val = key, value
	return c
}

func (c *Context) cancel(err error) {
	c.done.enter(OpClose)
	c.end(err)
	if p := c.parent; p != nil {
		p.forget(c)
	}
	c.done.exit()
}

// end runs inside the monitor.
func (c *Context) end(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	if c.timer != nil {
		c.stopTimer()
	}
	c.done.setQuiet()
	if c.ch != nil {
		close(c.ch)
	}
	children := c.children
	c.children = nil
	for _, child := range children {
		child.end(err)
	}
}

func (c *Context) stopTimer() {
	if c.env.w != nil {
		c.timer.Stop()
	} else {
		c.timer.stopLive()
	}
}

func (c *Context) forget(child *Context) {
	last := len(c.children) - 1
	if child.place > last || c.children[child.place] != child {
		return
	}
	moved := c.children[last]
	c.children[child.place], moved.place = moved, child.place
	c.children[last] = nil
	c.children = c.children[:last]
}

// Err returns nil while the context runs, then context.Canceled or
// context.DeadlineExceeded.
func (c *Context) Err() error {
	c.done.enterQuiet()
	err := c.err
	c.done.exit()
	return err
}

// DeadlineAt returns the instant at which the context ends by itself, or Never.
func (c *Context) DeadlineAt() Time { return c.deadline }

// Deadline implements context.Context; the time is that of a perfect wall clock.
func (c *Context) Deadline() (deadline time.Time, ok bool) {
	if c.deadline == Never {
		return time.Time{}, false
	}
	epoch := int64(0)
	if c.env.w != nil {
		epoch = c.env.w.epoch
	} else {
		epoch = c.env.live.Epoch()
	}
	return time.Unix(0, epoch+int64(c.deadline)).UTC(), true
}

// Done implements context.Context for code outside of the simulation; procs use
// [OnDone].
func (c *Context) Done() <-chan struct{} {
	c.done.enterQuiet()
	defer c.done.exit()
	if c.ch == nil {
		c.ch = make(chan struct{})
		if c.err != nil {
			close(c.ch)
		}
	}
	return c.ch
}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	for ; c != nil; c = c.parent {
		if c.key != nil && c.key == key {
			return c.val
		}
	}
	return nil
}

// OnDone is a [Env.Select] case that is ready once ctx has ended.
func OnDone(ctx *Context) Case { return Case{src: &ctx.done} }

// SleepCtx sleeps for d or until ctx ends; then it returns the context's error.
func (e *Env) SleepCtx(ctx *Context, d time.Duration) error {
	if e.Select(e.After(d), OnDone(ctx)) == 0 {
		return nil
	}
	return ctx.Err()
}
