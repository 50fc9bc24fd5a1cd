package mysqld

import (
	"time"

	"bufsim/sim"
)

// Cores are the processor cores of one machine that several servers share: a statement's
// service time is work on one of them, first come, first served. Under light load nothing
// waits; under dense load statements queue, and the machine gets no more of them done than the
// cores allow.
type Cores struct {
	mu *sim.Mutex
	// free is when each core has done what it was given.
	free []sim.Time
}

// NewCores returns n idle cores, for the servers of one world.
func NewCores(env *sim.Env, n int) *Cores {
	return &Cores{mu: env.NewMutex("mysqld.cores"), free: make([]sim.Time, n)}
}

// take gives work to the core that is free first, and says how long it is until it is done.
// Work that was given is done, whatever becomes of the statement.
func (c *Cores) take(now sim.Time, work time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := 0
	for i, at := range c.free {
		if at < c.free[first] {
			first = i
		}
	}
	c.free[first] = max(now, c.free[first]).Add(work)
	return c.free[first].Sub(now)
}

// service is how long a statement takes whose service time is work.
func (s *Server) service(work time.Duration) time.Duration {
	if s.opts.Cores == nil {
		return work
	}
	return s.opts.Cores.take(s.disk.Now(), work)
}
