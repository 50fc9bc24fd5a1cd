package toposerver

import (
	"bufsim/sim"
	"bufsim/topo/wire"
)

// WatchFaults are what happens to the events of watches while reads and writes work;
// the zero value is nothing. spec: O-95
type WatchFaults struct {
	// Delay is how late events come; they stay in order.
	Delay sim.Dist
	// Duplicate delivers every event twice.
	Duplicate bool
	// Skip drops a value that is still delayed when the next one is written.
	Skip bool
}

func (f WatchFaults) none() bool { return f == WatchFaults{} }

// lateEvents are the delayed events of a watcher.
type lateEvents struct {
	queue []lateEvent
	more  *sim.Event // set when the queue is no longer empty
	over  *sim.Event // set when the client has left
}

type lateEvent struct {
	at sim.Time
	ev wire.WatchEvent
}

// SetWatchFaults replaces the faults of the events of watches; events that are delayed
// already stay so. spec: O-95
func (s *Store) SetWatchFaults(f WatchFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.watch = f
	if s.faults.watchRand == nil {
		s.faults.watchRand = s.env.Rand("topo/watch-delay")
	}
}

// SilenceWatches lets all streams that are open now stay open, but nothing comes on
// them any more. spec: O-95
func (s *Store) SilenceWatches() {
	s.eachWatcher(func(_ *Server, w *watcher) { w.dead = true })
}

// CompactWatches cancels all watches as a server does that has forgotten the revision
// they are at; that is final. spec: O-25, O-95
func (s *Store) CompactWatches() {
	s.eachWatcher(func(server *Server, w *watcher) { server.endWatch(w, wire.ErrCompacted) })
}

// CloseWatches ends the streams of all watches without a reason, so that clients open
// them again. spec: O-25
func (s *Store) CloseWatches() {
	s.eachWatcher(func(server *Server, w *watcher) { server.endWatch(w, nil) })
}

func (s *Store) eachWatcher(do func(*Server, *watcher)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers() {
		for _, w := range server.allWatchers() {
			do(server, w)
		}
	}
}

// endWatches ends all streams of this server; mu is held.
func (s *Server) endWatches(cause error) {
	for _, w := range s.allWatchers() {
		s.endWatch(w, cause)
	}
}

func (s *Server) endWatch(w *watcher, cause error) {
	if !w.dead {
		w.dead = true
		_ = w.out.Send(wire.WatchEvent{Cancelled: true, Err: cause})
	}
}

// sendFaulty is send with the faults; mu is held.
func (s *Server) sendFaulty(w *watcher, ev wire.WatchEvent) {
	if w.dead {
		return
	}
	f := s.store.faults.watch
	if w.late == nil {
		w.late = &lateEvents{more: s.env.NewEvent("late-events"), over: s.env.NewEvent("watch-over")}
		s.env.GoDaemon("late-events", func() { s.sendLate(w) })
	}
	at := s.env.Now().Add(f.Delay.Draw(s.store.faults.watchRand))
	for n := len(w.late.queue); n > 0; n-- {
		last := &w.late.queue[n-1]
		at = max(at, last.at)
		if !f.Skip || last.ev.Key != ev.Key || last.ev.Deleted || last.ev.Err != nil {
			break
		}
		w.late.queue = w.late.queue[:n-1]
	}
	w.late.queue = append(w.late.queue, lateEvent{at, ev})
	if f.Duplicate {
		w.late.queue = append(w.late.queue, lateEvent{at, ev})
	}
	w.late.more.Set()
}

// sendLate is the proc that sends a watcher's events when their time comes.
func (s *Server) sendLate(w *watcher) {
	for {
		s.store.mu.Lock()
		var next sim.Case
		switch {
		case len(w.late.queue) == 0:
			w.late.more = s.env.NewEvent("late-events")
			next = sim.OnEvent(w.late.more)
		case w.late.queue[0].at > s.env.Now():
			next = sim.At(w.late.queue[0].at)
		default:
			if !w.dead {
				_ = w.out.Send(w.late.queue[0].ev)
			}
			w.late.queue = w.late.queue[1:]
			s.store.mu.Unlock()
			continue
		}
		s.store.mu.Unlock()
		if s.env.Select(next, sim.OnEvent(w.late.over)) == 1 {
			return
		}
	}
}
