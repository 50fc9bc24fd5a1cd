package sim

// Counter is an integer that any proc may change and that no decision depends on: a
// metric. Unlike those of an [Atomic] its accesses are no choice points, so counting
// never changes a schedule. Make one with [Env.NewCounter].
type Counter struct {
	env *Env
	v   int64
}

// NewCounter returns a counter that stands at 0.
func (e *Env) NewCounter() *Counter { return &Counter{env: e} }

// InitCounter makes *c a counter that stands at 0: for one that is part of a
// larger object.
func (e *Env) InitCounter(c *Counter) { *c = Counter{env: e} }

// Add changes the counter by n and returns its new value.
func (c *Counter) Add(n int64) int64 {
	c.env.enter()
	c.v += n
	v := c.v
	c.env.exit()
	return v
}

// Set makes the counter stand at n.
func (c *Counter) Set(n int64) {
	c.env.enter()
	c.v = n
	c.env.exit()
}

// Value returns what the counter stands at.
func (c *Counter) Value() int64 {
	c.env.enter()
	v := c.v
	c.env.exit()
	return v
}
