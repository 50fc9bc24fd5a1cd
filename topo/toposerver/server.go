package toposerver

import (
	"strings"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// Server is the process that serves a [Store].
type Server struct {
	env      *sim.Env
	store    *Store
	opts     Options
	rand     *sim.Rand             // of the times of writes; guarded by store.mu
	watchers map[string][]*watcher // by key, in the order of their arrival; guarded by store.mu
}

// Options are how long writes take; the zero value is a server that costs no time.
type Options struct {
	// GlobalWrite is a write below GlobalRoot, CellWrite any other. spec: R-90
	GlobalWrite, CellWrite sim.Dist
	// GlobalRoot is the root of the global records; empty means that all are.
	GlobalRoot string
}

// Serve starts the server of this incarnation of env's host on the store and
// returns at once. spec: O-44
func Serve(env *sim.Env, node *simnet.Node, store *Store, opts Options) *Server {
	s := &Server{
		env: env.Named("etcd"), store: store, opts: opts, rand: env.Rand("topo/write/" + env.HostName()),
		watchers: map[string][]*watcher{},
	}
	s.start()
	node.Handle(wire.MethodStatus, s.status)
	node.Handle(wire.MethodRange, s.rangeKeys)
	node.Handle(wire.MethodPut, s.put)
	node.Handle(wire.MethodDelete, s.delete)
	node.Handle(wire.MethodGrant, s.grant)
	node.Handle(wire.MethodKeepAlive, s.keepAlive)
	node.Handle(wire.MethodRevoke, s.revoke)
	node.HandleStream(wire.MethodWatch, s.watch)
	node.Listen()
	return s
}

// start takes the store over; all leases get their full time to live again.
// spec: O-36
func (s *Server) start() {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.serving = s
	for _, id := range s.store.leaseIDs() {
		s.arm(id)
	}
}

func (s *Server) status(*sim.Context, any) (any, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return wire.StatusResponse{Revision: s.store.revision}, nil
}

func (s *Server) rangeKeys(_ *sim.Context, req any) (any, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.read(req.(wire.RangeRequest)), nil
}

func (s *Server) put(_ *sim.Context, req any) (any, error) {
	r := req.(wire.PutRequest)
	s.work(r.Key)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	resp := s.store.put(r)
	if resp.Applied {
		s.traceWrite("put", r.Key, resp.Revision)
		s.notify(r.Key, wire.WatchEvent{Revision: resp.Revision, Value: r.Value})
	}
	return resp, nil
}

func (s *Server) delete(_ *sim.Context, req any) (any, error) {
	r := req.(wire.DeleteRequest)
	s.work(r.Key)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	resp := s.store.delete(r)
	if resp.Applied {
		s.deleted(r.Key)
	}
	return resp, nil
}

// work takes the time of a write before it has its effect.
func (s *Server) work(key string) {
	d := s.opts.CellWrite
	if strings.HasPrefix(key, s.opts.GlobalRoot) {
		d = s.opts.GlobalWrite
	}
	s.store.mu.Lock()
	pause := d.Draw(s.rand)
	s.store.mu.Unlock()
	if pause > 0 {
		s.env.Sleep(pause)
	}
}

// deleted tells of a key that was deleted in the store's last revision; mu is held.
func (s *Server) deleted(key string) {
	s.traceWrite("delete", key, s.store.revision)
	s.notify(key, wire.WatchEvent{Revision: s.store.revision, Deleted: true})
}
