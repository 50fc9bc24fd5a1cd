package mysqld

import (
	"slices"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// Server is one MySQL server, with its disk. All methods are safe for use by many procs of
// any host.
type Server struct {
	disk *sim.Env
	opts Options
	uuid gtid.UUID
	name string // the uuid's text
	rnd  *sim.Rand
	mu   *sim.Mutex
	// up is false from the instant of a crash; cleanup under the lock follows it (dirty).
	up    *sim.Atomic[bool]
	dirty bool

	// On disk.
	log       []*Entry
	executed  gtid.Set
	purged    gtid.Set
	nextGTID  int64
	tables    tables
	relay     []relayed
	retrieved gtid.Set
	source    topodata.TabletAlias
	// broken: the applier cannot go on (see BreakApplier).
	broken bool

	// stall is there while the disk takes no writes.
	stall *sim.Event

	// In memory.
	process  *process
	timings  Timings
	read     readOnly
	semi     semiSync
	conns    []*Conn
	lastConn int64
	dumps    []*dump
	waiters  []*positionWaiter
	receiver *receiver
	applier  *applier
	sessions int64
	// sourceUUID, ioError and sqlError are what SHOW REPLICA STATUS reports.
	sourceUUID gtid.UUID
	ioError    string
	sqlError   string
}

// process is one run of the server's program.
type process struct {
	env  *sim.Env
	node *simnet.Node
	// died happens when the process crashes.
	died *sim.Event
}

// New makes a server with empty tables and an empty log. disk is an environment that never
// crashes. The server runs once Boot was called on its host.
func New(disk *sim.Env, opts Options) *Server {
	opts = opts.withDefaults()
	env := disk.Named(HostName(opts.Alias))
	uuid := gtid.ServerUUID(opts.Alias.UID)
	s := &Server{
		disk: env, opts: opts, uuid: uuid, name: uuid.String(), nextGTID: 1,
		rnd: env.Rand("mysqld/" + opts.Alias.String()), mu: env.NewMutex("mysqld.mu"),
		up: sim.NewAtomic(env, "mysqld.up", false), tables: tables{}, timings: *opts.Timings,
	}
	s.setStartSettings()
	return s
}

// Boot runs the server's program on its host and returns at once; node is the host's.
// Committed but unacknowledged transactions of the run before are recovered from the log,
// and the relay log is dropped. Replication does not start by itself.
// spec: T-109, T-121
func (s *Server) Boot(env *sim.Env, node *simnet.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dirty {
		s.loseMemory()
	}
	p := &process{env: env, node: node, died: env.NewEvent("mysqld.died")}
	s.process = p
	s.up.Store(true)
	s.emit(KindProcess, trace.Str("what", "start"))
	env.OnCrash(func() { s.crashed(p) })
	node.HandleStream(methodDump, s.serveDump)
	node.HandleStream(methodAcks, s.serveAcks)
	node.Listen()
}

// crashed runs on the scheduler, which cannot wait for the lock: a proc does the rest.
func (s *Server) crashed(p *process) {
	s.up.Store(false)
	s.disk.Go("crash", func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.process == p {
			s.loseMemory()
			s.process = nil
		}
		p.died.Set()
	})
	s.dirty = true
}

// loseMemory forgets what a process forgets when it dies.
func (s *Server) loseMemory() {
	s.dirty = false
	if s.process != nil {
		s.process.died.Set()
	}
	for _, c := range slices.Clone(s.conns) {
		c.end(ErrGone)
	}
	s.conns, s.waiters = nil, nil
	s.receiver, s.applier = nil, nil
	for _, d := range s.dumps {
		d.stop.Set()
	}
	s.dumps = nil
	s.recoverPending()
	s.dropRelayLog()
	s.setStartSettings()
}

// recoverPending commits what is in the log but was still waiting for acknowledgements,
// as MySQL's crash recovery does. spec: T-126
func (s *Server) recoverPending() {
	for _, p := range s.semi.queue {
		s.engineCommit(p.entry)
		if s.tracing() {
			s.emitCommit(p, causeRecovered)
		}
	}
	s.semi.queue = nil
}

func (s *Server) setStartSettings() {
	s.read = readOnly{on: true, super: !s.opts.StartWithoutSuper}
	s.semi = semiSync{ackCount: s.opts.AckCount, timeout: s.opts.AckTimeout}
}

// Up reports whether the server's process runs.
func (s *Server) Up() bool { return s.up.Load() }

// Alias gives the tablet that the server belongs to.
func (s *Server) Alias() topodata.TabletAlias { return s.opts.Alias }

// UUID gives the server's uuid.
func (s *Server) UUID() gtid.UUID { return s.uuid }

// NetTimeout gives the server's replica_net_timeout; its sources send heartbeats twice as often.
// spec: T-106
func (s *Server) NetTimeout() time.Duration { return s.opts.NetTimeout }

// Executed gives the set of committed transactions.
// spec: T-103
func (s *Server) Executed() gtid.Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.executed.Clone()
}

// Received gives the executed set with what is in the relay log: everything that would
// survive on this server if its relay log does.
// spec: T-103
func (s *Server) Received() gtid.Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.executed.Union(s.retrieved)
}

// Table gives a copy of a table's counters and looks up the given keys; for checkers.
func (s *Server) Table(name string, keys ...int64) (Table, map[int64]Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	if t == nil {
		return Table{}, nil
	}
	found := map[int64]Row{}
	for _, k := range keys {
		if r, ok := t.rows[k]; ok {
			found[k] = r
		}
	}
	return Table{Count: t.Count, Writes: t.Writes, LastID: t.LastID}, found
}

// LogEntries gives the binary log from an index on, for checkers; it must not be changed.
func (s *Server) LogEntries(from int) []*Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.log[min(from, len(s.log)):])
}

// SetTimings changes the server's timings from now on: a fault, or a story's script.
func (s *Server) SetTimings(change func(*Timings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.timings)
	s.kickApplier()
}

// draw gives the next duration of a distribution; the caller holds the lock.
func (s *Server) draw(d sim.Dist) time.Duration { return d.Draw(s.rnd) }

func (s *Server) emit(kind trace.Kind, fields ...trace.Field) {
	if s.process != nil {
		s.process.env.Emit(kind, fields...)
	}
}
