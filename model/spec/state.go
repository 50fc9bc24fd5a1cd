package spec

import (
	"slices"
	"time"

	"bufsim/model/release"
)

// Buffer is the state of a buffer and of everybody who is busy with it: a plain value. Step
// gives its successors.
// spec: buffer 3, buffer 10
type Buffer struct {
	rules *rules
	now   time.Duration
	// free counts the slots that nobody has. spec: C-4
	free      int
	stopped   bool
	shards    []shard
	requests  []request
	signals   []signalPhase
	consumer  consumer
	shutdowns []shutdown
	probed    int
}

// rules are what never changes while a schedule is played.
type rules struct {
	config    BufferConfig
	behaviors release.Behaviors
	schedule  Schedule
	// names are the shards of the schedule, sorted; shard i of the state is names[i].
	names []string
}

// instant is a time that may be unset.
type instant struct {
	at  time.Duration
	set bool
}

// lessThan: less than d has passed since the instant; never if it is unset.
func (i instant) lessThan(d, now time.Duration) bool { return i.set && now-i.at < d }

// nobody is the number of no request, shard or worker.
const nobody = -1

// shard is the buffer of one shard.
type shard struct {
	exists   bool
	mode     Mode
	counters Counters

	state State
	// holder is the request that has the lock, if a critical section is spread over several steps.
	holder int
	// queue holds the numbers of the waiting requests, oldest first; nil unless BUFFERING. spec: B-40
	queue                  []int
	lastStart              time.Duration
	lastEnd, lastReparent  instant
	primary                string
	term                   int64 // spec: L-3
	generation             int   // spec: M-1
	thread                 thread
	drain                  drain
	slotWaiters, onlyWaits []int // requests whose scope helper tasks wait for
}

// helpers says whether a task runs that Shutdown waits for.
// spec: B-64
func (sh *shard) helpers() bool {
	return sh.drain.phase != drainNone || len(sh.slotWaiters)+len(sh.onlyWaits) > 0
}

// thread is the timeout thread of a failover.
// spec: buffer 5.6
type thread struct {
	phase threadPhase
	// head is the request that it waits with, or nobody for the empty queue.
	head      int
	maxAt     time.Duration
	stopAsked bool
	// pending: a notice is remembered. given and seen count the notices, and those that had been
	// given when it asked for the present channel. spec: B-39, buffer 8.2
	pending     bool
	given, seen int
}

type threadPhase uint8

const (
	threadNone threadPhase = iota
	threadLooks
	threadFetches
	threadWaits
	threadStops
	threadEvicts
	threadEnded
)

// drain is the drain task of a failover with its workers.
// spec: B-45..B-51
type drain struct {
	phase   drainPhase
	entries []int
	missing bool // they get the shard-missing error
	next    int  // index of the next entry
	// workers have the number of the entry that they are busy with.
	workers []worker
}

type drainPhase uint8

const (
	drainNone drainPhase = iota
	drainAsks
	drainAwaits
	drainWorks
	drainCounted
)

type worker struct {
	entry     int // or nobody
	unblocked bool
}

// request is one caller.
type request struct {
	phase   requestPhase
	outcome RequestOutcome
	// until is when the watcher answers or the retry ends.
	until time.Duration
	// deadline is that of the context, or 0; window is when the entry's window is over. spec: B-24
	deadline, window time.Duration
	// given is what the entry's unblocking gives to the caller; Pending until then.
	given Result
	// contextEnded is Pending until the context ends, then how it ended.
	contextEnded Result
	finished     bool

	// With the mark window: what the marking request remembers. spec: M-1
	generation  int
	previousEnd instant
}

type requestPhase uint8

const (
	requestAbsent requestPhase = iota
	requestCreates
	requestLooks
	requestEnters
	requestMarks  // waits for the watcher, with the lock
	requestParked // waits for the watcher, without it
	requestAdmits // has the lock
	requestHeld
	requestLeaves
	requestRetries
	requestOver
)

// contextOver: the context of request i has ended, or does so at this instant.
func (b *Buffer) contextOver(i int) bool {
	r, in := &b.requests[i], &b.rules.schedule.Requests[i]
	return r.contextEnded != Pending || r.deadline > 0 && b.due(r.deadline) || in.Cancels && b.due(in.Cancelled)
}

// scopeOver: the request's scope has ended.
// spec: buffer 3
func (r *request) scopeOver() bool { return r.finished || r.contextEnded != Pending }

type signalPhase uint8

const (
	signalWaits signalPhase = iota
	signalBusy
	signalDone
)

// consumer is the task that hands over the signals.
type consumer struct {
	signal  int // or nobody
	record  int
	arrived bool // it has the shard buffer of the record
}

// shutdown is one call of Shutdown.
type shutdown struct {
	phase    shutdownPhase
	todo     uint64 // the shards that it has yet to go to, as bits
	at       int    // the shard whose turn it is, or nobody
	returned time.Duration
}

type shutdownPhase uint8

const (
	shutdownWaits shutdownPhase = iota
	shutdownLists
	shutdownStops
	shutdownFlags
	shutdownJoins
	shutdownDone
)

// NewBuffer is the state before a schedule begins. At most 64 shards can occur.
func NewBuffer(cfg BufferConfig, b release.Behaviors, s Schedule) Buffer {
	r := &rules{config: cfg, behaviors: b, schedule: s}
	for _, req := range s.Requests {
		r.names = append(r.names, req.Shard)
	}
	for _, sig := range s.Signals {
		for _, rec := range sig.Records {
			r.names = append(r.names, rec.Shard)
		}
	}
	slices.Sort(r.names)
	r.names = slices.Compact(r.names)
	state := Buffer{
		rules: r, free: cfg.Size, consumer: consumer{signal: nobody},
		shards: make([]shard, len(r.names)), requests: make([]request, len(s.Requests)),
		signals: make([]signalPhase, len(s.Signals)), shutdowns: make([]shutdown, len(s.Shutdowns)),
	}
	for i := range state.shards {
		state.shards[i].holder = nobody
	}
	for i := range state.shutdowns {
		state.shutdowns[i].returned = nobody
	}
	return state
}

// clone gives a copy that shares nothing that changes.
func (b Buffer) clone() Buffer {
	b.shards = slices.Clone(b.shards)
	for i := range b.shards {
		sh := &b.shards[i]
		sh.queue = slices.Clone(sh.queue)
		sh.slotWaiters, sh.onlyWaits = slices.Clone(sh.slotWaiters), slices.Clone(sh.onlyWaits)
		sh.drain.entries, sh.drain.workers = slices.Clone(sh.drain.entries), slices.Clone(sh.drain.workers)
	}
	b.requests = slices.Clone(b.requests)
	b.signals = slices.Clone(b.signals)
	b.shutdowns = slices.Clone(b.shutdowns)
	return b
}

func (b *Buffer) shardOf(name string) *shard {
	i, _ := slices.BinarySearch(b.rules.names, name)
	return &b.shards[i]
}

func (b *Buffer) shardOfRequest(i int) *shard { return b.shardOf(b.rules.schedule.Requests[i].Shard) }

// Now is the virtual instant of the state.
func (b Buffer) Now() time.Duration { return b.now }

// Outcome is what has come of the schedule so far.
func (b Buffer) Outcome() BufferOutcome {
	out := BufferOutcome{SlotsInUse: b.rules.config.Size - b.free}
	for i := range b.requests {
		out.Requests = append(out.Requests, b.requests[i].outcome)
	}
	for i := range b.shutdowns {
		out.ShutdownReturned = append(out.ShutdownReturned, b.shutdowns[i].returned)
	}
	for i, name := range b.rules.names {
		sh := &b.shards[i]
		out.Shards = append(out.Shards, ShardOutcome{name, sh.exists, sh.state, len(sh.queue), sh.counters})
	}
	return out
}
