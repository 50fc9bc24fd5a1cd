package mysqld

import (
	"time"

	"bufsim/model/gtid"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// relayed is a transaction in the relay log.
type relayed struct {
	entry *Entry
	// received is when it came, ready when it can be committed if nothing before it is late.
	received, ready sim.Time
}

// applier is the SQL thread: it commits the relay log's transactions in order.
// spec: T-107
type applier struct {
	server *Server
	p      *process
	wake   *sim.Chan[struct{}]
	stop   *sim.Event
	// last is when the transaction before was committed, for ApplyRate.
	last sim.Time
}

// startApplier starts the thread; the caller holds the lock.
func (s *Server) startApplier() {
	if s.broken {
		s.sqlError = duplicateKey
		return
	}
	env := s.process.env
	a := &applier{
		server: s, p: s.process, wake: sim.NewChan[struct{}](env, "mysqld.applier.wake", 1),
		stop: env.NewEvent("mysqld.applier.stop"), last: env.Now(),
	}
	s.applier, s.sqlError = a, ""
	s.emitThread("sql", Running, "")
	env.GoDaemon("applier", a.run)
}

// stopApplier stops the thread between two transactions; the caller holds the lock.
func (s *Server) stopApplier() {
	if s.applier != nil {
		s.applier.stop.Set()
		s.applier = nil
		s.emitThread("sql", Stopped, "")
	}
}

func (s *Server) kickApplier() {
	if s.applier != nil {
		s.applier.wake.TrySend(struct{}{})
	}
}

// writeRelayLog appends what the server does not have yet; the caller holds the lock.
func (s *Server) writeRelayLog(entries []*Entry) {
	now := s.disk.Now()
	idle := len(s.relay) == 0
	for _, e := range entries {
		if s.executed.Has(e.UUID, e.Number) || s.retrieved.Has(e.UUID, e.Number) {
			continue
		}
		s.retrieved.Add(e.UUID, e.Number)
		s.relay = append(s.relay, relayed{entry: e, received: now, ready: now.Add(s.timings.onDisk(s.draw(s.timings.Apply)))})
	}
	if idle && len(s.relay) > 0 {
		s.kickApplier()
	}
}

func (a *applier) run() {
	for {
		next, running := a.applyDue()
		if !running {
			return
		}
		var none struct{}
		var open bool
		wake, stop := sim.OnRecv(a.wake, &none, &open), sim.OnEvent(a.stop)
		if next == sim.Never {
			a.p.env.Select(wake, stop)
		} else {
			a.p.env.Select(wake, stop, sim.At(next))
		}
	}
}

// applyDue commits every transaction whose time has come, and says when the next one's
// comes and whether the thread still runs.
func (a *applier) applyDue() (next sim.Time, running bool) {
	s := a.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.applier != a {
		return 0, false
	}
	now, applied := a.p.env.Now(), gtid.Set{}
	next = sim.Never
	for len(s.relay) > 0 && s.stall == nil {
		head := s.relay[0]
		due := a.due(head)
		if due > now {
			next = due
			break
		}
		if err := s.applyRelayed(head.entry); err != nil {
			s.failApplier(err)
			break
		}
		a.last = due
		s.relay = s.relay[1:]
		applied.Add(head.entry.UUID, head.entry.Number)
	}
	if len(s.relay) == 0 {
		s.relay = nil
	}
	if !applied.IsEmpty() {
		s.emitSet(KindApply, applied)
		s.wakeDumps()
	}
	return next, s.applier == a
}

// due is when a transaction can be committed, the one before it being committed.
func (a *applier) due(r relayed) sim.Time {
	t := &a.server.timings
	due := max(r.ready, a.last)
	if t.ApplyRate > 0 {
		due = max(due, a.last.Add(t.onDisk(time.Second/time.Duration(t.ApplyRate))))
	}
	if t.SourceDelay > 0 {
		looked := max(r.received, a.last)
		clock := sim.Time(a.p.env.Wall()) - a.p.env.Now()
		due = max(due, looked.Add(delayNap(looked+clock, r.entry.CommittedAt+clock, t.SourceDelay)))
	}
	return due
}

// delayNap is how long MySQL's applier sleeps for SOURCE_DELAY when it looks at a
// transaction, both instants by the wall clock: it rounds the commit up and the present down
// to whole seconds, and sleeps whole seconds. So a replica is one second more behind than asked, on the average; the
// measured reparents with delays of 3 and 4 s show it.
func delayNap(now, committed sim.Time, delay time.Duration) time.Duration {
	const second = sim.Time(time.Second)
	end := (committed+second-1)/second*second + sim.Time(delay)
	return max(0, end.Sub(now/second*second))
}

// applyRelayed commits a replicated transaction under its own GTID, and logs it.
func (s *Server) applyRelayed(e *Entry) error {
	if s.executed.Has(e.UUID, e.Number) {
		return nil
	}
	if err := s.tables.conflict(e.Changes); err != nil {
		return err
	}
	s.appendLog(e)
	s.engineCommit(e)
	return nil
}

// failApplier stops the thread because a transaction cannot be applied; it stays in the
// relay log.
// spec: T-104
func (s *Server) failApplier(err error) {
	s.applier, s.sqlError = nil, err.Error()
	s.emitThread("sql", Stopped, s.sqlError)
}

// emitSet records an event whose only field is a GTID set.
func (s *Server) emitSet(kind trace.Kind, set gtid.Set) {
	if s.tracing() {
		s.emit(kind, trace.Str("gtids", set.String()))
	}
}
