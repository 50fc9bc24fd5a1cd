package buffer

import (
	"slices"

	"bufsim/gate/metrics"
	"bufsim/model/release"
	"bufsim/sim"
)

// KeyspaceEventWatcher is what the buffer needs of the gate's keyspace event watcher.
type KeyspaceEventWatcher interface {
	// MarkShardNotServing tells the watcher that the buffer has seen a failover of the shard,
	// so that only a later change ends it. False means that the watcher does not know the
	// shard: then nothing is buffered. The call may block on the watcher's locks.
	// spec: B-17
	MarkShardNotServing(keyspace, shard string, isReparent bool) bool
}

// RetryDone tells the buffer that the retry of a request that it held has finished. Calls
// after the first do nothing.
// spec: B-26
type RetryDone func()

// Buffer holds requests during failovers; one for each gate. Its methods may be called from
// any proc.
type Buffer struct {
	env       *sim.Env
	cfg       Config
	behaviors release.Behaviors
	stats     *families
	slots     *slots
	stopped   *sim.Atomic[bool]
	// entries numbers the held requests.
	entries *sim.Counter

	mu     *sim.RWMutex // guards the fields below
	shards map[shardKey]*shardBuffer
	// made lists the shard buffers in the order of their making.
	made []*shardBuffer
}

// shardKey names a shard.
type shardKey struct{ keyspace, shard string }

// New returns a buffer that counts in reg; cfg must have passed flags.ValidateBuffer or be as
// sensible.
func New(env *sim.Env, cfg Config, reg *metrics.Registry, behaviors release.Behaviors) *Buffer {
	env = env.Named("buffer")
	cfg.log(env)
	b := &Buffer{
		env: env, cfg: cfg, behaviors: behaviors,
		stats:   registerFamilies(reg),
		slots:   newSlots(env, cfg.Size),
		stopped: sim.NewAtomic(env, "stopped", false),
		entries: env.NewCounter(),
		mu:      env.NewRWMutex("shards.mu"),
		shards:  map[shardKey]*shardBuffer{},
	}
	b.stats.size.With().Set(int64(cfg.Size))
	return b
}

// GetConfig returns the configuration; the executor bounds its waits by it.
func (b *Buffer) GetConfig() Config { return b.cfg }

// shardBuffer gives the buffer of a shard and makes it if it is missing.
// spec: B-10
func (b *Buffer) shardBuffer(keyspace, shard string) *shardBuffer {
	key := shardKey{keyspace, shard}
	b.mu.RLock()
	sb := b.shards[key]
	b.mu.RUnlock()
	if sb != nil {
		return sb
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if sb := b.shards[key]; sb != nil {
		return sb // somebody was faster
	}
	sb = newShardBuffer(b, keyspace, shard)
	b.shards[key] = sb
	b.made = append(b.made, sb)
	return sb
}

// all lists the shard buffers in the order of their making.
func (b *Buffer) all() []*shardBuffer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.made)
}

// Status is what a look into the buffer shows.
type Status struct {
	// SlotsInUse counts the taken slots of all shards.
	SlotsInUse int
	// Shards lists the shards in the order in which the buffer met them.
	Shards []ShardStatus
}

// ShardStatus is the state of one shard and how many requests are in its queue.
type ShardStatus struct {
	Keyspace, Shard string
	State           State
	Queued          int
}

// SlotsInUse counts the taken slots of all shards. It takes no lock.
func (b *Buffer) SlotsInUse() int { return b.slots.inUse() }

// Status looks at the shards, one after the other.
func (b *Buffer) Status() Status {
	status := Status{SlotsInUse: b.SlotsInUse()}
	for _, sb := range b.all() {
		status.Shards = append(status.Shards, sb.status())
	}
	return status
}
