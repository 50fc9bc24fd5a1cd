package mysqld

import (
	"errors"

	"bufsim/sim"
)

// errDiskStalled is a session's own reason to try again later; nobody else sees it.
var errDiskStalled = errors.New("disk is stalled")

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

// awaitDisk waits until the disk takes writes; the caller holds the lock, and holds it again
// when it returns. died ends the wait: then it reports false.
func (s *Server) awaitDisk(env *sim.Env, died *sim.Event) (alive bool) {
	for s.stall != nil {
		stall := s.stall
		s.mu.Unlock()
		which := env.Select(sim.OnEvent(stall), sim.OnEvent(died))
		s.mu.Lock()
		if which == 1 {
			return false
		}
	}
	return true
}

// awaitDisk is the same for a call of a session, which can be killed or given up meanwhile.
// It takes the lock itself.
func (c *Conn) awaitDisk(ctx *sim.Context) error {
	c.server.mu.Lock()
	stall := c.server.stall
	c.server.mu.Unlock()
	if stall == nil {
		return nil
	}
	return c.retryWrite(ctx, stall)
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
