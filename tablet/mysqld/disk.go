package mysqld

import (
	"errors"

	"bufsim/sim"
)

// errHangs is a session's own reason to try again later; nobody else sees it.
var errHangs = errors.New("the server hangs")

// SetDiskStalled makes everything hang that writes to the disk, from now on until it is
// called with false: write statements, COMMITs, the relay log (and so acknowledgements), the
// applier, changes of replication and WriteFile. Reads are answered from memory, and so are
// status queries. The state belongs to the machine: it outlives a crash of the process.
func (s *Server) SetDiskStalled(stalled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case stalled && s.stall == nil:
		s.stall = s.disk.NewEvent("mysqld.disk-stall")
	case !stalled && s.stall != nil:
		s.stall.Set()
		s.stall = nil
		s.kickApplier()
	}
}

// obstacle gives an event to wait for while nothing happens on the server: its process is
// paused, or its disk takes no writes and this is one. The caller holds the lock.
func (s *Server) obstacle(isWrite bool) *sim.Event {
	if s.process != nil && s.process.env.Paused() {
		return s.thaw()
	}
	if isWrite {
		return s.stall
	}
	return nil
}

// hangs says the same without an event.
func (s *Server) hangs(isWrite bool) bool {
	return isWrite && s.stall != nil || s.process != nil && s.process.env.Paused()
}

// thaw gives an event that happens when the paused process runs again.
func (s *Server) thaw() *sim.Event {
	goesOn := s.disk.NewEvent("mysqld.thaw")
	s.process.env.GoDaemon("thaw", func() { goesOn.Set() }) // nothing runs there before
	return goesOn
}

// awaitServer waits until nothing is in the way; the caller holds the lock, and holds it
// again when it returns. died ends the wait: then it reports false.
func (s *Server) awaitServer(env *sim.Env, died *sim.Event, isWrite bool) (alive bool) {
	for o := s.obstacle(isWrite); o != nil; o = s.obstacle(isWrite) {
		s.mu.Unlock()
		which := env.Select(sim.OnEvent(o), sim.OnEvent(died))
		s.mu.Lock()
		if which == 1 {
			return false
		}
	}
	return true
}

// awaitServer is the same for a call of a session, which can be killed or given up meanwhile.
// It takes the lock itself.
func (c *Conn) awaitServer(ctx *sim.Context, isWrite bool) error {
	c.server.mu.Lock()
	o := c.server.obstacle(isWrite)
	c.server.mu.Unlock()
	if o == nil {
		return nil
	}
	return c.retryWrite(ctx, o)
}

// WriteFile writes and flushes a small file on the server's disk, as vttablet's probe of the
// disk does; it hangs while the disk is stalled, and ends when ctx does.
func (c *Client) WriteFile(ctx *sim.Context) error {
	s := c.server
	s.mu.Lock()
	stall, cost := s.stall, s.timings.onDisk(0)
	s.mu.Unlock()
	for stall != nil {
		if c.env.Select(sim.OnEvent(stall), sim.OnDone(ctx)) == 1 {
			return ctx.Err()
		}
		s.mu.Lock()
		stall = s.stall
		s.mu.Unlock()
	}
	if cost > 0 {
		return c.env.SleepCtx(ctx, cost)
	}
	return nil
}
