package mysqld

import (
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

// enterWrite admits a write of a connection, waiting while super_read_only is being set.
// privileged connections are the tablet's own. The caller holds the lock.
// spec: T-120, T-123
func (c *Conn) enterWrite(ctx *sim.Context) error {
	s := c.server
	for s.read.pending != nil {
		pending := s.read.pending
		s.mu.Unlock()
		c.client.env.Select(sim.OnEvent(pending), sim.OnEvent(c.killed), sim.OnDone(ctx))
		s.mu.Lock()
		if c.err != nil {
			return c.err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if s.read.super || s.read.on && !c.privileged {
		return ErrReadOnly
	}
	s.read.active++
	c.writing = true
	return nil
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
	s.mu.Lock()
	defer s.mu.Unlock()
	cost := s.draw(s.timings.SuperReadOnly)
	for s.read.pending != nil {
		other := s.read.pending
		s.mu.Unlock()
		other.Wait()
		s.mu.Lock()
	}
	mine := env.NewEvent("mysqld.read_only.pending")
	s.read.pending = mine
	for s.read.active > 0 {
		if s.read.idle == nil {
			s.read.idle = env.NewEvent("mysqld.read_only.idle")
		}
		idle := s.read.idle
		s.mu.Unlock()
		idle.Wait()
		s.mu.Lock()
	}
	s.mu.Unlock()
	env.Sleep(cost)
	s.mu.Lock()
	s.read.on, s.read.super, s.read.pending = true, true, nil
	mine.Set()
	s.emitReadOnly()
	return nil
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
