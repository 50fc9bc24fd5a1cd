package mysqld

import (
	"slices"
	"time"

	"bufsim/sim"
)

// Client is a program's way to the server on its own machine: the local socket. When the
// program dies, its sessions end; a write that was under way outside of a transaction is
// committed all the same, since a server that works does not look at its socket.
type Client struct {
	server *Server
	env    *sim.Env
}

// Client opens the socket for the process of env.
func (s *Server) Client(env *sim.Env) *Client {
	c := &Client{server: s, env: env}
	env.OnCrash(func() { s.disk.Go("client-gone", func() { s.dropClient(c) }) })
	return c
}

// Server gives the server behind the socket.
func (c *Client) Server() *Server { return c.server }

func (s *Server) dropClient(gone *Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.process; p != nil && !s.awaitServer(s.disk, p.died, true) {
		return // the server crashed, and with it the sessions
	}
	for _, conn := range slices.Clone(s.conns) {
		if conn.client != gone {
			continue
		}
		if conn.writing && !conn.inTransaction && conn.err == nil {
			s.commit(conn, []Change{conn.changeOf(conn.statement)})
		}
		conn.end(ErrKilled)
	}
	s.waiters = slices.DeleteFunc(s.waiters, func(w *positionWaiter) bool { return w.client == gone })
}

// Ping finds out whether the server answers.
func (c *Client) Ping() error { return c.quick(func(*Server) error { return nil }) }

// quick runs a short command: it costs a status query's time, then happens at once.
func (c *Client) quick(fn func(*Server) error) error {
	return c.command(func(t *Timings) sim.Dist { return t.Status }, fn)
}

// command runs a command that takes some time and happens at its end. If the caller or
// the server dies meanwhile, it does not happen.
func (c *Client) command(cost func(*Timings) sim.Dist, fn func(*Server) error) error {
	return c.run(false, func(s *Server) time.Duration { return s.draw(cost(&s.timings)) }, fn)
}

// diskCommand is a command that writes to the disk.
func (c *Client) diskCommand(cost func(*Timings) sim.Dist, fn func(*Server) error) error {
	return c.run(true, func(s *Server) time.Duration { return s.timings.onDisk(s.draw(cost(&s.timings))) }, fn)
}

func (c *Client) run(isWrite bool, cost func(*Server) time.Duration, fn func(*Server) error) error {
	s := c.server
	wait, died, err := c.start(cost)
	if err != nil {
		return err
	}
	if wait > 0 && c.env.Select(c.env.After(wait), sim.OnEvent(died)) != 0 {
		return ErrGone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.awaitServer(c.env, died, isWrite) || died.IsSet() || !s.up.Load() {
		return ErrGone
	}
	return fn(s)
}

func (c *Client) start(cost func(*Server) time.Duration) (time.Duration, *sim.Event, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return 0, nil, ErrRefused
	}
	return cost(s), s.process.died, nil
}

// background runs a command in the server, where it goes on when the caller dies, and waits
// for its end.
func (c *Client) background(name string, fn func(*Server, *sim.Env) error) error {
	s := c.server
	p := s.running()
	if p == nil {
		return ErrRefused
	}
	done := c.env.NewEvent("mysqld." + name)
	var result error
	p.env.Go(name, func() {
		result = fn(s, p.env)
		done.Set()
	})
	if c.env.Select(sim.OnEvent(done), sim.OnEvent(p.died)) != 0 {
		return ErrGone
	}
	return result
}

// running gives the server's process, nil if there is none.
func (s *Server) running() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return nil
	}
	return s.process
}
