package mysqld

import (
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// SetSemiSyncLimits sets rpl_semi_sync_source_wait_for_replica_count and
// rpl_semi_sync_source_timeout (0: for ever) until the server's process ends. Vitess leaves
// them at one replica and for ever; an operator may not.
// spec: T-113
func (c *Client) SetSemiSyncLimits(ackCount int, timeout time.Duration) error {
	return c.quick(func(s *Server) error {
		s.semi.ackCount, s.semi.timeout = max(ackCount, 1), timeout
		s.semi.acknowledged += int64(s.release(s.acknowledgedByEnough(), causeAcked))
		return nil
	})
}

// enqueue lets a commit wait for acknowledgements, with the patience of this moment; the
// caller holds the lock.
func (s *Server) enqueue(p *pending) {
	s.semi.queue = append(s.semi.queue, p)
	if s.semi.timeout <= 0 || s.process == nil {
		return
	}
	env, limit := s.process.env, s.semi.timeout
	env.GoDaemon("semi-sync-timeout", func() {
		if env.Select(env.After(limit), sim.OnEvent(p.done)) == 0 {
			s.fallBack(p)
		}
	})
}

// fallBack ends the patience with a commit: it and all others that wait are committed, and
// replication is asynchronous until a replica has caught up.
func (s *Server) fallBack(p *pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.done.IsSet() || !s.semi.waits() {
		return
	}
	s.setFallen(true)
	s.release(len(s.log), causeTimeout)
}

// setFallen records that the source falls back to asynchronous replication, or returns.
func (s *Server) setFallen(fallen bool) {
	s.semi.fallen = fallen
	s.emit(KindSemiSyncStatus, trace.Bool("on", !fallen))
}
