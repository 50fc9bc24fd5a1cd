package toposerver

import (
	"hash/fnv"
	"regexp"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// What can be wrong with a topology server, beside what happens to its host and to
// the network. Methods of [Store] switch it on and off; they take effect at once,
// outlive restarts of the process, and must be called from procs.

// members is the number of servers of a cluster; clients are spread over them.
const members = 3

// memberMoved is how long a client waits for a member that does not answer before it
// goes to another one. spec: O-92
const memberMoved = 5 * time.Second

// faults is the state of all of them; the zero value is a healthy server.
type faults struct {
	any        bool       // one of those below is on
	quorumLost bool       // until the operator acts
	electing   int        // elections under way
	leader     *sim.Event // set when there is a leader again; nil while there is one
	slow       sim.Dist
	slowRand   *sim.Rand
	stalled    map[int]sim.Time // until when clients of a member wait
	every      error            // of every operation
	injected   []injection
	watch      WatchFaults
	watchRand  *sim.Rand
}

// injection is an error of some operations. spec: O-29
type injection struct {
	op   wire.Operation
	path *regexp.Regexp
	err  error
}

// LoseQuorum leaves the cluster without a leader until RegainQuorum: nothing is read
// or written. spec: O-92
func (s *Store) LoseQuorum() { s.changeLeader(func(f *faults) { f.quorumLost = true }) }

// RegainQuorum undoes LoseQuorum.
func (s *Store) RegainQuorum() { s.changeLeader(func(f *faults) { f.quorumLost = false }) }

// Elect leaves the cluster without a leader for d, the time of an election, and
// returns at once. spec: O-93
func (s *Store) Elect(d time.Duration) {
	s.changeLeader(func(f *faults) { f.electing++ })
	s.env.GoDaemon("election", func() {
		s.env.Sleep(d)
		s.changeLeader(func(f *faults) { f.electing-- })
	})
}

func (s *Store) changeLeader(change func(*faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.faults
	change(f)
	switch leaderless := f.quorumLost || f.electing > 0; {
	case leaderless && f.leader == nil:
		f.leader = s.env.NewEvent("leader")
		for _, server := range s.servers() {
			if server.behaves.watchesNeedLeader {
				server.endWatches(wire.ErrNoLeader)
			}
		}
	case !leaderless && f.leader != nil:
		f.leader.Set()
		f.leader = nil
	}
	f.note()
}

// Slow makes every request take that much longer, without errors; the zero
// distribution ends it. spec: O-94
func (s *Store) Slow(extra sim.Dist) {
	s.change(func(f *faults) {
		f.slow = extra
		if f.slowRand == nil {
			f.slowRand = s.env.Rand("topo/slow")
		}
	})
}

// StallMember stops one member of the cluster (0, 1 or 2; others are taken modulo)
// from answering: its clients wait for five seconds, then they are with another one.
// [Store.Member] tells whose clients are whose. spec: O-92
func (s *Store) StallMember(member int) {
	s.change(func(f *faults) {
		if f.stalled == nil {
			f.stalled = map[int]sim.Time{}
		}
		f.stalled[member%members] = s.env.Now().Add(memberMoved)
	})
}

// Member is the member of the cluster that a client host is connected to.
func (s *Store) Member(host string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(host))
	return int(h.Sum32() % members)
}

// SetError makes every operation fail with err, until it is nil again; the watches of
// memorytopo are told, too. spec: O-29
func (s *Store) SetError(err error) {
	s.change(func(f *faults) { f.every = err })
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers() {
		for _, w := range server.allWatchers() {
			if server.behaves.tellsErrors && !w.req.Prefix {
				server.send(w, wire.WatchEvent{Key: w.req.Key, Err: err})
			}
		}
	}
}

// FailOn makes an operation fail with err on the absolute paths that match, which
// several calls add up to. spec: O-29
func (s *Store) FailOn(op wire.Operation, path *regexp.Regexp, err error) {
	s.change(func(f *faults) { f.injected = append(f.injected, injection{op, path, err}) })
}

// FailNothing undoes all calls of FailOn.
func (s *Store) FailNothing() { s.change(func(f *faults) { f.injected = nil }) }

// ExpireLeases ends the leases that hold a key with the prefix, as if their owners had
// been silent for too long. spec: O-97
func (s *Store) ExpireLeases(prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range append([]string(nil), s.underPrefix(prefix)...) {
		r := s.records[key]
		if r != nil && r.lease != 0 && s.leases[r.lease] != nil {
			s.serving.end("expire", r.lease)
		}
	}
}

func (s *Store) change(do func(*faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(&s.faults)
	s.faults.note()
}

// note keeps any up to date.
func (f *faults) note() {
	f.any = f.leader != nil || f.slow != sim.Dist{} || len(f.stalled) > 0 || f.every != nil || len(f.injected) > 0
}

// servers are the processes of the store; mu is held.
func (s *Store) servers() []*Server {
	if s.serving == nil {
		return s.observers
	}
	return append([]*Server{s.serving}, s.observers...)
}

// enter waits until nothing keeps the server from a request, and takes mu. With an
// error, which is the answer, mu is not taken. The operation is empty for requests
// that stand for none.
func (s *Server) enter(ctx *sim.Context, op wire.Operation, key string) error {
	s.store.mu.Lock()
	if !s.store.faults.any {
		return nil
	}
	err := s.delay(ctx)
	if err == nil {
		err = s.awaitLeader(ctx)
	}
	if err == nil {
		err = s.store.faults.errorOf(op, key)
	}
	if err != nil {
		s.store.mu.Unlock()
	}
	return err
}

// delay waits for a slow server, and for a stalled member; mu is held at both ends.
func (s *Server) delay(ctx *sim.Context) error {
	f := &s.store.faults
	until := s.env.Now()
	if f.slow != (sim.Dist{}) {
		until = until.Add(f.slow.Draw(f.slowRand))
	}
	if member, ok := f.stalled[s.store.Member(simnet.PeerName(ctx))]; ok && member > until {
		until = member
	}
	if until == s.env.Now() {
		return nil
	}
	return s.without(func() error { return s.env.SleepCtx(ctx, until.Sub(s.env.Now())) })
}

// awaitLeader waits for a leader as long as the server's patience lasts; mu is held at
// both ends. spec: O-92, O-93
func (s *Server) awaitLeader(ctx *sim.Context) error {
	leader := s.store.faults.leader
	if leader == nil {
		return nil
	}
	return s.without(func() error {
		patience := sim.Never
		if s.behaves.patience >= 0 {
			patience = s.env.Now().Add(s.behaves.patience)
		}
		switch s.env.Select(sim.OnEvent(leader), sim.OnDone(ctx), sim.At(patience)) {
		case 0:
			return nil
		case 1:
			return ctx.Err()
		default:
			return wire.ErrNoLeader
		}
	})
}

// without does something without mu. Nothing is deferred: a process that dies meanwhile
// must not take mu with it.
func (s *Server) without(do func() error) error {
	s.store.mu.Unlock()
	err := do()
	s.store.mu.Lock()
	return err
}

// errorOf is the injected error of an operation.
func (f *faults) errorOf(op wire.Operation, key string) error {
	if f.every != nil {
		return f.every
	}
	for _, i := range f.injected {
		if i.op == op && i.path.MatchString(key) {
			return i.err
		}
	}
	return nil
}
