package mysqld

import (
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// readOnly is the server's read_only settings, and the writes that a change of them waits
// for.
// spec: T-120
type readOnly struct {
	on, super bool
	// pending is there while SET GLOBAL super_read_only=ON waits for active writes; new
	// writes wait for it.
	pending *sim.Event
	// active counts write statements under way and commits not yet in the engine.
	active int
	// idle is there while somebody waits for active to become zero.
	idle *sim.Event
}

// leave ends one active write.
func (r *readOnly) leave() {
	r.active--
	if r.active == 0 && r.idle != nil {
		r.idle.Set()
		r.idle = nil
	}
}

// enterWrite admits a write of a connection, or gives the event to wait for while
// super_read_only is being set. The caller holds the lock.
// spec: T-120, T-123
func (c *Conn) enterWrite() (wait *sim.Event, err error) {
	r := &c.server.read
	switch {
	case r.pending != nil:
		return r.pending, nil
	case r.super || r.on && !c.privileged:
		return nil, ErrReadOnly
	}
	r.active++
	c.writing = true
	return nil, nil
}

// retryWrite waits until a write that met a pending change may be tried again.
func (c *Conn) retryWrite(ctx *sim.Context, wait *sim.Event) error {
	c.client.env.Select(sim.OnEvent(wait), sim.OnEvent(c.killed), sim.OnDone(ctx))
	if err := c.Err(); err != nil {
		return err
	}
	return ctx.Err()
}

// leaveWrite ends the connection's active write, if it has one.
func (c *Conn) leaveWrite() {
	if c.writing {
		c.writing = false
		c.server.read.leave()
	}
}

// SetReadOnly sets or clears read_only; clearing it clears super_read_only, too.
// spec: T-120
func (c *Client) SetReadOnly(on bool) error {
	return c.quick(func(s *Server) error {
		s.read.on = on
		if !on {
			s.read.super = false
		}
		s.emitReadOnly()
		return nil
	})
}

// SetSuperReadOnly sets or clears super_read_only. Setting it sets read_only and blocks
// until the writes under way are over, commits that wait for acknowledgements included;
// meanwhile new writes wait. It goes on when the caller dies.
// spec: T-120
func (c *Client) SetSuperReadOnly(on bool) error {
	if on {
		return c.background("set-super-read-only", (*Server).setSuperReadOnly)
	}
	return c.quick(func(s *Server) error {
		s.read.super = false
		s.emitReadOnly()
		return nil
	})
}

func (s *Server) setSuperReadOnly(env *sim.Env) error {
	mine := env.NewEvent("mysqld.read_only.pending")
	for other := s.claimReadOnly(mine); other != nil; other = s.claimReadOnly(mine) {
		other.Wait()
	}
	for idle := s.awaitIdle(env); idle != nil; idle = s.awaitIdle(env) {
		idle.Wait()
	}
	env.Sleep(s.drawReadOnly())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read.on, s.read.super, s.read.pending = true, true, nil
	s.emitReadOnly()
	mine.Set()
	return nil
}

// claimReadOnly makes mine the pending change, or gives the one that is pending.
func (s *Server) claimReadOnly(mine *sim.Event) (other *sim.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.pending == nil {
		s.read.pending = mine
		return nil
	}
	return s.read.pending
}

// awaitIdle gives an event to wait for while writes are active.
func (s *Server) awaitIdle(env *sim.Env) *sim.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.active == 0 {
		return nil
	}
	if s.read.idle == nil {
		s.read.idle = env.NewEvent("mysqld.read_only.idle")
	}
	return s.read.idle
}

func (s *Server) drawReadOnly() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draw(s.timings.SuperReadOnly)
}

// ReadOnly reads both settings.
func (c *Client) ReadOnly() (readOnly, super bool, err error) {
	err = c.quick(func(s *Server) error {
		readOnly, super = s.read.on, s.read.super
		return nil
	})
	return readOnly, super, err
}

func (s *Server) emitReadOnly() {
	s.emit(KindReadOnly, trace.Bool("read_only", s.read.on), trace.Bool("super_read_only", s.read.super))
}
