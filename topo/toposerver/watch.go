package toposerver

import (
	"slices"
	"strings"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// watcher is a stream on which a client follows a key or a prefix.
type watcher struct {
	req wire.WatchRequest
	out *simnet.ServerStream
	// dead: the stream stays open and nothing more comes. spec: O-95
	dead bool
	late *lateEvents // nil unless events were delayed once
}

// watch serves one watch until the client leaves. If the server ends it, a last event
// tells so.
func (s *Server) watch(ctx *sim.Context, req any, out *simnet.ServerStream) error {
	r := req.(wire.WatchRequest)
	if !s.behaves.watchesNeedLeader {
		s.store.mu.Lock()
	} else if err := s.enter(ctx, "", ""); err != nil {
		return err
	}
	w := &watcher{req: r, out: out}
	s.addWatcher(w)
	s.store.mu.Unlock()
	defer s.removeWatcher(w)
	s.env.Select(sim.OnDone(ctx))
	return ctx.Err()
}

// addWatcher registers a watcher and first tells it what it missed; mu is held.
func (s *Server) addWatcher(w *watcher) {
	r := w.req
	if r.Prefix {
		s.prefixes = append(s.prefixes, w)
		if r.From <= s.store.past.compacted {
			s.endWatch(w, wire.ErrCompacted)
		}
		for _, v := range s.store.past.since(r.From, r.Key) {
			s.send(w, wire.WatchEvent{Key: v.key, Revision: v.revision, Value: v.value, Deleted: v.deleted})
		}
		return
	}
	s.watchers[r.Key] = append(s.watchers[r.Key], w)
	// Since r.From, when the key existed, it may have been deleted, or have got a new value.
	switch rec := s.store.records[r.Key]; {
	case rec == nil || rec.created > r.From:
		s.send(w, wire.WatchEvent{Key: r.Key, Revision: s.store.revision, Deleted: true})
	case rec.modified >= r.From:
		s.send(w, rec.event(r.Key))
	}
}

func (s *Server) removeWatcher(w *watcher) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if w.late != nil {
		w.late.over.Set()
	}
	is := func(x *watcher) bool { return x == w }
	if w.req.Prefix {
		s.prefixes = slices.DeleteFunc(s.prefixes, is)
		return
	}
	left := slices.DeleteFunc(s.watchers[w.req.Key], is)
	if len(left) == 0 {
		delete(s.watchers, w.req.Key)
	} else {
		s.watchers[w.req.Key] = left
	}
}

// notify tells the watchers of a key, of all servers of the store; mu is held, so
// that they hear of changes in order. Quiet leaves those of prefixes out.
func (s *Server) notify(ev wire.WatchEvent, quiet bool) {
	s.tell(ev, quiet)
	for _, o := range s.store.observers {
		o.tell(ev, quiet)
	}
}

func (s *Server) tell(ev wire.WatchEvent, quiet bool) {
	for _, w := range s.watchers[ev.Key] {
		s.send(w, ev)
	}
	if quiet {
		return
	}
	for _, w := range s.prefixes {
		if strings.HasPrefix(ev.Key, w.req.Key) {
			s.send(w, ev)
		}
	}
}

// allWatchers lists the streams of this server, in an order that depends on nothing
// but the history; mu is held.
func (s *Server) allWatchers() []*watcher {
	var list []*watcher
	for _, key := range sortedKeys(s.watchers) {
		list = append(list, s.watchers[key]...)
	}
	return append(list, s.prefixes...)
}

// send tells one watcher; mu is held. It does not report failures: a client that is
// gone ends its watch's context.
func (s *Server) send(w *watcher, ev wire.WatchEvent) {
	if s.store.faults.watch.none() && w.late == nil && !w.dead {
		_ = w.out.Send(ev)
		return
	}
	s.sendFaulty(w, ev)
}
