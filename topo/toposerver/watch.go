package toposerver

import (
	"slices"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// watcher is a stream on which a client follows a key.
type watcher struct{ out *simnet.ServerStream }

// watch serves one watch until the client leaves.
func (s *Server) watch(ctx *sim.Context, req any, out *simnet.ServerStream) error {
	r := req.(wire.WatchRequest)
	w := &watcher{out}
	s.addWatcher(r, w)
	defer s.removeWatcher(r.Key, w)
	s.env.Select(sim.OnDone(ctx))
	return ctx.Err()
}

// addWatcher registers a watcher and first tells it what it missed: since r.From,
// when the key existed, the key may have been deleted, or have got a new value.
func (s *Server) addWatcher(r wire.WatchRequest, w *watcher) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.watchers[r.Key] = append(s.watchers[r.Key], w)
	switch rec := s.store.records[r.Key]; {
	case rec == nil || rec.created > r.From:
		w.send(wire.WatchEvent{Revision: s.store.revision, Deleted: true})
	case rec.modified >= r.From:
		w.send(wire.WatchEvent{Revision: rec.modified, Value: rec.value})
	}
}

func (s *Server) removeWatcher(key string, w *watcher) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	left := slices.DeleteFunc(s.watchers[key], func(x *watcher) bool { return x == w })
	if len(left) == 0 {
		delete(s.watchers, key)
	} else {
		s.watchers[key] = left
	}
}

// notify tells the watchers of a key; mu is held, so that they hear of changes in
// order.
func (s *Server) notify(key string, ev wire.WatchEvent) {
	for _, w := range s.watchers[key] {
		w.send(ev)
	}
}

// send does not report failures: a client that is gone ends its watch's context.
func (w *watcher) send(ev wire.WatchEvent) { _ = w.out.Send(ev) }
