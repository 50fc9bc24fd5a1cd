package mysqld

import (
	"slices"
	"time"

	"bufsim/model/gtid"
	"bufsim/sim"
)

// positionWaiter is one call that waits for a GTID set.
type positionWaiter struct {
	client *Client
	set    gtid.Set
	done   *sim.Event
}

// firePositionWaiters lets go the waits that are fulfilled; the caller holds the lock.
func (s *Server) firePositionWaiters() {
	if len(s.waiters) == 0 {
		return
	}
	s.waiters = slices.DeleteFunc(s.waiters, func(w *positionWaiter) bool {
		fulfilled := s.executed.Contains(w.set)
		if fulfilled {
			w.done.Set()
		}
		return fulfilled
	})
}

// Position reads the executed set.
func (c *Client) Position() (set gtid.Set, err error) {
	err = c.quick(func(s *Server) error {
		set = s.executed.Clone()
		return nil
	})
	return set, err
}

// WaitForExecuted is WAIT_FOR_EXECUTED_GTID_SET: it blocks until the set is executed, for so
// many whole seconds (zero: for ever), and returns ErrWaitTimeout at their end.
// spec: T-111, T-112
func (c *Client) WaitForExecuted(set gtid.Set, seconds int64) error {
	return c.waitForExecuted(set, seconds, false)
}

// WaitUntilSQLThreadAfterGTIDs is the older function, which also fails with ErrWaitNull
// when the applier does not run.
// spec: T-111
func (c *Client) WaitUntilSQLThreadAfterGTIDs(set gtid.Set, seconds int64) error {
	return c.waitForExecuted(set, seconds, true)
}

func (c *Client) waitForExecuted(set gtid.Set, seconds int64, needsApplier bool) error {
	w, died, err := c.startWait(set, needsApplier)
	if w == nil {
		return err
	}
	defer c.endWait(w)
	if seconds == 0 {
		if c.env.Select(sim.OnEvent(w.done), sim.OnEvent(died)) == 0 {
			return nil
		}
		return ErrGone
	}
	switch c.env.Select(sim.OnEvent(w.done), sim.OnEvent(died), c.env.After(time.Duration(seconds)*time.Second)) {
	case 0:
		return nil
	case 1:
		return ErrGone
	default:
		return ErrWaitTimeout
	}
}

// startWait gives no waiter if there is nothing to wait for.
func (c *Client) startWait(set gtid.Set, needsApplier bool) (*positionWaiter, *sim.Event, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.up.Load():
		return nil, nil, ErrRefused
	case s.executed.Contains(set):
		return nil, nil, nil
	case needsApplier && s.applier == nil:
		return nil, nil, ErrWaitNull
	}
	w := &positionWaiter{client: c, set: set.Clone(), done: c.env.NewEvent("mysqld.position")}
	s.waiters = append(s.waiters, w)
	return w, s.process.died, nil
}

func (c *Client) endWait(w *positionWaiter) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.waiters = slices.DeleteFunc(c.server.waiters, func(o *positionWaiter) bool { return o == w })
}
