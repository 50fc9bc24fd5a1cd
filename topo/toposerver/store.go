package toposerver

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// Store is the data of one topology server (or cluster): it outlives the process.
// Make one with [NewStore].
type Store struct {
	env       *sim.Env
	mu        *sim.Mutex
	revision  int64
	keys      []string // sorted
	records   map[string]*record
	past      history
	leases    map[wire.LeaseID]*lease
	granted   wire.LeaseID // the last one
	serving   *Server      // the process that runs, or ran last
	observers []*Server
	faults    faults
}

type record struct {
	value    any
	created  int64
	modified int64
	writes   int64
	lease    wire.LeaseID
}

// event is the record's last change.
func (r *record) event(key string) wire.WatchEvent {
	return wire.WatchEvent{Key: key, Revision: r.modified, Writes: r.writes, Value: r.value}
}

type lease struct {
	ttl, linger time.Duration
	forever     bool
	// lingering: it has expired, and expires is when its keys go.
	lingering bool
	expires   sim.Time
	keys      []string
	timer     *sim.Timer // of the process that runs
}

// NewStore returns an empty store. env is one of a host that never crashes, such
// as the network's.
func NewStore(env *sim.Env) *Store {
	s := &Store{env: env, mu: env.NewMutex("topo-store")}
	s.clear()
	return s
}

// Wipe loses all data, as a cluster does that comes back with empty disks. Call it
// while no server runs on the store. spec: O-92
func (s *Store) Wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *Store) clear() {
	s.revision, s.keys, s.past = 0, nil, history{}
	s.records, s.leases = map[string]*record{}, map[wire.LeaseID]*lease{}
}

// Keys lists the keys that begin with prefix, sorted; for tests and reports.
func (s *Store) Keys(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.underPrefix(prefix))
}

// Value returns what a key holds, nil if there is none; for tests and reports. The
// value must not be changed.
func (s *Store) Value(key string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.records[key]; r != nil {
		return r.value
	}
	return nil
}

// All below: mu is held.

func (s *Store) underPrefix(prefix string) []string {
	from, _ := slices.BinarySearch(s.keys, prefix)
	to := from
	for to < len(s.keys) && strings.HasPrefix(s.keys[to], prefix) {
		to++
	}
	return s.keys[from:to]
}

func (s *Store) read(req wire.RangeRequest) wire.RangeResponse {
	resp := wire.RangeResponse{Revision: s.revision}
	keys := []string{req.Key}
	if req.Prefix {
		keys = s.underPrefix(req.Key)
	}
	for _, key := range keys {
		if r := s.records[key]; r != nil {
			resp.KVs = append(resp.KVs, wire.KeyValue{Key: key, Value: r.value, Revision: r.modified, Created: r.created, Writes: r.writes, Lease: r.lease})
		}
	}
	return resp
}

// holds reports whether the condition holds for a key.
func (s *Store) holds(key string, c wire.Compare) bool {
	if !c.Active {
		return true
	}
	r := s.records[key]
	switch {
	case c.Writes != 0:
		return r != nil && r.writes == c.Writes
	case r == nil:
		return c.Revision == 0
	default:
		return r.modified == c.Revision
	}
}

func (s *Store) put(req wire.PutRequest) wire.WriteResponse {
	r, existed := s.records[req.Key]
	resp := wire.WriteResponse{Revision: s.revision, Existed: existed}
	if !s.holds(req.Key, req.Compare) {
		return resp
	}
	owner := s.leases[req.Lease]
	if req.Lease != 0 && (owner == nil || owner.lingering) {
		resp.LeaseMissing = true
		return resp
	}
	s.revision++
	if !existed {
		r = &record{created: s.revision}
		s.records[req.Key] = r
		i, _ := slices.BinarySearch(s.keys, req.Key)
		s.keys = slices.Insert(s.keys, i, req.Key)
	}
	s.detach(req.Key, r.lease)
	r.value, r.modified, r.lease = req.Value, s.revision, req.Lease
	r.writes++
	s.past.add(version{key: req.Key, revision: s.revision, value: req.Value})
	if owner != nil {
		owner.keys = append(owner.keys, req.Key)
	}
	resp.Revision, resp.Writes, resp.Applied = s.revision, r.writes, true
	return resp
}

func (s *Store) delete(req wire.DeleteRequest) wire.WriteResponse {
	r, existed := s.records[req.Key]
	resp := wire.WriteResponse{Revision: s.revision, Existed: existed}
	if !existed || !s.holds(req.Key, req.Compare) {
		return resp
	}
	s.revision++
	s.remove(req.Key, r)
	resp.Revision, resp.Applied = s.revision, true
	return resp
}

func (s *Store) remove(key string, r *record) {
	s.detach(key, r.lease)
	delete(s.records, key)
	s.past.add(version{key: key, revision: s.revision, deleted: true})
	if i, ok := slices.BinarySearch(s.keys, key); ok {
		s.keys = slices.Delete(s.keys, i, i+1)
	}
}

// detach takes a key off a lease.
func (s *Store) detach(key string, id wire.LeaseID) {
	if l := s.leases[id]; l != nil {
		l.keys = slices.DeleteFunc(l.keys, func(k string) bool { return k == key })
	}
}

// dropLease ends a lease and deletes its keys, all in one revision; it returns them.
func (s *Store) dropLease(id wire.LeaseID) []string {
	l := s.leases[id]
	delete(s.leases, id)
	if l.timer != nil {
		l.timer.Stop()
	}
	if len(l.keys) > 0 {
		s.revision++
	}
	for _, key := range l.keys {
		r := s.records[key]
		r.lease = 0
		s.remove(key, r)
	}
	return l.keys
}

func (s *Store) leaseIDs() []wire.LeaseID { return sortedKeys(s.leases) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
