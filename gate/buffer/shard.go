package buffer

import (
	"fmt"
	"time"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// State is the state of one shard's buffer.
// spec: buffer 5.2, P-9
type State uint8

// The states, in the only order in which they follow each other.
const (
	Idle State = iota
	Buffering
	Draining
)

// String gives the state's name in logs.
func (s State) String() string {
	switch s {
	case Idle:
		return "IDLE"
	case Buffering:
		return "BUFFERING"
	case Draining:
		return "DRAINING"
	default:
		return fmt.Sprintf("UNKNOWN(%d)", uint8(s))
	}
}

// shardBuffer is the buffer of one shard. It is used again for every failover.
type shardBuffer struct {
	buffer          *Buffer
	env             *sim.Env
	keyspace, shard string
	mode            flags.BufferMode
	stats           *shardStats
	names           procNames
	tooRecentLog    *throttledLog
	// helpers counts the tasks that Shutdown waits for: drains and slot waiters.
	helpers *sim.WaitGroup

	// state changes only under mu; it can be read without.
	state *sim.Atomic[State]

	mu *sim.Mutex // guards the fields below
	// queue holds the requests in order of arrival; nil unless BUFFERING.
	queue *queue
	// thread is the timeout thread of the failover in progress.
	thread *timeoutThread
	// generation counts the starts.
	generation     uint64
	lastStart      sim.Time
	lastEnd        instant
	lastReparent   instant
	currentPrimary topodata.TabletAlias
	// lastPrimaryTerm is the newest term start that the legacy signal saw, in Unix seconds.
	lastPrimaryTerm int64
}

// procNames are the names of a shard's procs, made once.
type procNames struct{ timeout, drain, drainWorker, slotWaiter string }

// instant is a time that may be unset.
type instant struct {
	at  sim.Time
	set bool
}

func at(t sim.Time) instant { return instant{t, true} }

// lessThan reports whether less than d has passed since the instant; never if it is unset.
func (i instant) lessThan(d time.Duration, now sim.Time) bool { return i.set && now.Sub(i.at) < d }

func newShardBuffer(b *Buffer, keyspace, shard string) *shardBuffer {
	env, name := b.env, keyspace+"/"+shard
	return &shardBuffer{
		buffer: b, env: env, keyspace: keyspace, shard: shard,
		mode:         b.cfg.mode(keyspace, shard),
		stats:        b.stats.forShard(keyspace, shard),
		names:        procNames{"timeout " + name, "drain " + name, "drain worker " + name, "slot waiter " + name},
		tooRecentLog: newThrottledLog(env, "FailoverTooRecent-"+name, tooRecentLogInterval),
		helpers:      env.NewWaitGroup("helpers " + name),
		state:        sim.NewAtomic(env, "state "+name, Idle),
		mu:           env.NewMutex("mu " + name),
	}
}

// name is the shard as logs write it.
func (sb *shardBuffer) name() string { return sb.keyspace + "/" + sb.shard }

func (sb *shardBuffer) dryRun() bool { return sb.mode == flags.BufferDryRun }

// wording picks the log wording of the mode.
func (sb *shardBuffer) wording(real, dryRun string) string {
	if sb.dryRun() {
		return dryRun
	}
	return real
}

func (sb *shardBuffer) status() ShardStatus {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	status := ShardStatus{Keyspace: sb.keyspace, Shard: sb.shard, State: sb.state.Load()}
	if sb.queue != nil {
		status.Queued = sb.queue.len
	}
	return status
}

// mustBe ends the world if the machine of states is broken.
// spec: P-9
func (sb *shardBuffer) mustBe(want State) {
	if got := sb.state.Load(); got != want {
		sb.env.Logf("error", "BUG: Buffer state should be '%v' and not '%v'. shard=%s/%s", want, got, sb.keyspace, sb.shard)
		sb.env.Assert(false, "buffer-state", trace.Str("want", want.String()), trace.Str("got", got.String()))
	}
}
