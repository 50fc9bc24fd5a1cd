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
	behaves  behaviour
	rand     *sim.Rand             // of the times of writes; guarded by store.mu
	watchers map[string][]*watcher // of single keys, in the order of their arrival; guarded by store.mu
	prefixes []*watcher            // of prefixes; guarded by store.mu
}

// Options are the implementation and how long writes take; the zero value is an
// etcd server that costs no time.
type Options struct {
	// Implementation names the implementation; empty is etcd2. Clients must use the
	// same. spec: O-44
	Implementation string
	// GlobalWrite is a write below GlobalRoot, CellWrite any other. spec: R-90
	GlobalWrite, CellWrite sim.Dist
	// GlobalRoot is the root of the global records; empty means that all are.
	GlobalRoot string
}

// Serve starts the server of this incarnation of env's host on the store and
// returns at once. spec: O-44
func Serve(env *sim.Env, node *simnet.Node, store *Store, opts Options) *Server {
	s := newServer(env, store, opts)
	s.start()
	s.handleReads(node)
	node.Handle(wire.MethodPut, s.put)
	node.Handle(wire.MethodDelete, s.delete)
	node.Handle(wire.MethodGrant, s.grant)
	node.Handle(wire.MethodKeepAlive, s.keepAlive)
	node.Handle(wire.MethodRevoke, s.revoke)
	node.Listen()
	return s
}

// ServeObserver starts a read-only server of the same data, as ZooKeeper's observers
// are; it returns at once. spec: O-2
func ServeObserver(env *sim.Env, node *simnet.Node, store *Store, opts Options) *Server {
	s := newServer(env, store, opts)
	store.mu.Lock()
	store.observers = append(store.observers, s)
	store.mu.Unlock()
	s.handleReads(node)
	node.Listen()
	return s
}

func newServer(env *sim.Env, store *Store, opts Options) *Server {
	b := behaviourOf(opts.Implementation)
	return &Server{
		env: env.Named(b.proc), store: store, opts: opts, behaves: b, rand: env.Rand("topo/write/" + env.HostName()),
		watchers: map[string][]*watcher{},
	}
}

func (s *Server) handleReads(node *simnet.Node) {
	node.Handle(wire.MethodStatus, s.status)
	node.Handle(wire.MethodRange, s.rangeKeys)
	node.HandleStream(wire.MethodWatch, s.watch)
}

// start takes the store over; all leases get their full time to live again.
// spec: O-36
func (s *Server) start() {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.serving = s
	if s.behaves.randomStart && s.store.revision == 0 {
		s.store.revision = 1 + s.env.Rand("topo/generation").Int64n(generationsMax)
	}
	for _, id := range s.store.leaseIDs() {
		s.arm(id)
	}
}

// generationsMax bounds the random number at which versions begin.
const generationsMax = 1 << 40

func (s *Server) status(ctx *sim.Context, _ any) (any, error) {
	s.store.mu.Lock()
	var err error
	if s.behaves.statusNeedsLeader {
		err = s.awaitLeader(ctx)
	}
	resp := wire.StatusResponse{Revision: s.store.revision}
	s.store.mu.Unlock()
	return resp, err
}

func (s *Server) rangeKeys(ctx *sim.Context, req any) (any, error) {
	r := req.(wire.RangeRequest)
	if err := s.enter(ctx, r.Op, r.Key); err != nil {
		return nil, err
	}
	defer s.store.mu.Unlock()
	if r.At != 0 {
		return s.store.readPast(r)
	}
	return s.store.read(r), nil
}

func (s *Server) put(ctx *sim.Context, req any) (any, error) {
	r := req.(wire.PutRequest)
	s.work(r.Key)
	if err := s.enter(ctx, r.Op, r.Key); err != nil {
		return nil, err
	}
	defer s.store.mu.Unlock()
	resp := s.store.put(r)
	if resp.Applied {
		s.traceWrite("put", r.Key, resp.Revision)
		s.traceRecord(r.Key, r.Value)
		created := !resp.Existed && !r.Compare.Active
		s.notify(wire.WatchEvent{Key: r.Key, Revision: resp.Revision, Writes: resp.Writes, Value: r.Value}, created && s.behaves.quietCreate)
	}
	return resp, nil
}

func (s *Server) delete(ctx *sim.Context, req any) (any, error) {
	r := req.(wire.DeleteRequest)
	s.work(r.Key)
	if err := s.enter(ctx, r.Op, r.Key); err != nil {
		return nil, err
	}
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
	s.notify(wire.WatchEvent{Key: key, Revision: s.store.revision, Deleted: true}, false)
}
