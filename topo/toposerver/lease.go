package toposerver

import (
	"bufsim/sim"
	"bufsim/topo/wire"
)

func (s *Server) grant(ctx *sim.Context, req any) (any, error) {
	if err := s.enter(ctx, "", ""); err != nil {
		return nil, err
	}
	defer s.store.mu.Unlock()
	s.store.granted++
	id := s.store.granted
	r := req.(wire.GrantRequest)
	s.store.leases[id] = &lease{ttl: r.TTL, linger: r.Linger, forever: r.Forever}
	s.arm(id)
	s.traceLease("grant", id)
	return wire.GrantResponse{ID: id}, nil
}

// keepAlive renews a lease to its full time to live. spec: O-36
func (s *Server) keepAlive(ctx *sim.Context, req any) (any, error) {
	if err := s.enter(ctx, "", ""); err != nil {
		return nil, err
	}
	defer s.store.mu.Unlock()
	id := req.(wire.LeaseRequest).ID
	if !s.lives(id) {
		return wire.LeaseResponse{}, nil
	}
	s.renew(id)
	s.traceLease("renew", id)
	return wire.LeaseResponse{Found: true}, nil
}

func (s *Server) revoke(ctx *sim.Context, req any) (any, error) {
	if err := s.enter(ctx, "", ""); err != nil {
		return nil, err
	}
	defer s.store.mu.Unlock()
	id := req.(wire.LeaseRequest).ID
	if !s.lives(id) {
		return wire.LeaseResponse{}, nil
	}
	s.end("revoke", id)
	return wire.LeaseResponse{Found: true}, nil
}

// lives reports whether a lease is there and has not run out; mu is held.
func (s *Server) lives(id wire.LeaseID) bool {
	l := s.store.leases[id]
	return l != nil && !l.lingering && (l.forever || s.env.Now() < l.expires)
}

// arm gives a lease a timer of this process and its full time to live; mu is held.
func (s *Server) arm(id wire.LeaseID) {
	// The timer's callback must not wait for mu, so a proc does the work.
	s.store.leases[id].timer = s.env.NewTimer("lease", func() {
		s.env.GoDaemon("lease-expiry", func() { s.expire(id) })
	})
	s.renew(id)
}

func (s *Server) renew(id wire.LeaseID) {
	l := s.store.leases[id]
	if l.forever {
		return
	}
	l.expires = s.env.Now().Add(l.ttl)
	if l.lingering {
		l.expires = s.env.Now().Add(l.linger)
	}
	l.timer.ResetAt(l.expires)
}

// expire ends a lease that was not renewed in time; its keys may stay for a while.
// spec: O-38, O-39
func (s *Server) expire(id wire.LeaseID) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	l := s.store.leases[id]
	if s.store.serving != s || l == nil || s.env.Now() < l.expires {
		return
	}
	if l.linger > 0 && !l.lingering {
		l.lingering = true
		s.renew(id)
		s.traceLease("expire", id)
		return
	}
	s.end("expire", id)
}

// end drops a lease with its keys; mu is held.
func (s *Server) end(what string, id wire.LeaseID) {
	keys := s.store.dropLease(id)
	s.traceLease(what, id)
	for _, key := range keys {
		s.deleted(key)
	}
}
