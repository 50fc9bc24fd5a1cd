package discovery

import (
	"maps"
	"slices"

	"bufsim/gate/buffer"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// keyspaceState is what the watcher knows of one keyspace. spec: discovery 5
type keyspaceState struct {
	kew  *KeyspaceEventWatcher
	name string

	// deleted can be read without the mutex: whoever looks a keyspace up must not wait for one
	// that is busy. spec: D-52
	deleted *sim.Atomic[bool]

	mu         *sim.Mutex
	consistent bool
	srv        *topodata.SrvKeyspace
	moveTables MoveTables
	shards     map[string]*shardState
}

// shardState is what the watcher knows of one shard.
type shardState struct {
	target  query.Target
	serving bool
	// waitForReparent: only a newer term lets the shard serve again. spec: DI-9
	waitForReparent bool
	// term is the highest primary term seen, currentPrimary the tablet that had it.
	term           int64
	currentPrimary topodata.TabletAlias
}

// newKeyspaceState makes a state and listens to the topology for it. spec: D-51
func newKeyspaceState(kew *KeyspaceEventWatcher, name string) *keyspaceState {
	kss := &keyspaceState{
		kew: kew, name: name, deleted: sim.NewAtomic(kew.env, "deleted/"+name, false),
		mu: kew.env.NewMutex("keyspace/" + name), shards: map[string]*shardState{},
	}
	kew.srv.WatchSrvKeyspace(kew.cell, name, kss.onSrvKeyspace)
	if kew.behaviors.MoveTablesState {
		kew.srv.WatchSrvVSchema(kew.cell, kss.onSrvVSchema)
	}
	return kss
}

// onHealth takes over one health update. It does not look at who sent it.
// spec: D-54..D-60, D-87, D-90, D-91, D-93
func (kss *keyspaceState) onHealth(h *TabletHealth) {
	if h.Target.TabletType != topodata.Primary {
		return
	}
	kss.mu.Lock()
	defer kss.mu.Unlock()
	shard := kss.shards[h.Target.Shard]
	if shard == nil {
		if !h.Serving {
			return
		}
		shard = &shardState{target: query.Target{Keyspace: h.Target.Keyspace, Shard: h.Target.Shard, TabletType: h.Target.TabletType}}
		kss.shards[h.Target.Shard] = shard
	}
	if shard.serving != h.Serving {
		kss.consistent = false
		switch {
		case !h.Serving:
			shard.serving = false
		case !shard.waitForReparent:
			shard.serving = true
		case h.PrimaryTermStartTime > shard.term:
			shard.waitForReparent = false
			shard.serving = true
		default:
			kss.kew.env.Mark("serving-primary-with-old-term-not-believed")
		}
	}
	if !h.Serving {
		shard.waitForReparent = false
	}
	if h.PrimaryTermStartTime != 0 && h.PrimaryTermStartTime > shard.term {
		shard.term = h.PrimaryTermStartTime
		shard.currentPrimary = h.Alias()
		kss.consistent = false
	}
	kss.ensureConsistent()
}

// onSrvKeyspace takes over a value of the serving graph. spec: D-52, D-61
func (kss *keyspaceState) onSrvKeyspace(value *topodata.SrvKeyspace, err error) bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	if kss.kew.ctx.Err() != nil {
		return false // the watcher was closed
	}
	if topo.IsErrType(err, topo.NoNode) {
		kss.kew.env.Logf("info", "keyspace %q deleted", kss.name)
		kss.deleted.Store(true)
		return false
	}
	if err != nil || value == nil {
		kss.kew.env.Logf("error", "error while watching keyspace %q: %v", kss.name, err)
		return true
	}
	if kss.srv != nil && kss.srv.Equal(*value) {
		return true
	}
	if !samePrimaryPartition(kss.srv, value) {
		kss.consistent = false
	}
	kss.srv = value
	kss.ensureConsistent()
	return true
}

func samePrimaryPartition(old, now *topodata.SrvKeyspace) bool {
	was, had := primaryPartition(old)
	is, has := primaryPartition(now)
	return had == has && was.Equal(is)
}

func primaryPartition(srv *topodata.SrvKeyspace) (topodata.Partition, bool) {
	if srv == nil {
		return topodata.Partition{}, false
	}
	return srv.Partition(topodata.Primary)
}

// mark is MarkShardNotServing. It neither sends an event nor looks for consistency.
// spec: D-65
func (kss *keyspaceState) mark(shard string, isReparent bool) bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	s := kss.shards[shard]
	if s == nil {
		return false
	}
	kss.consistent = false
	s.serving = false
	if isReparent {
		s.waitForReparent = true
	}
	return true
}

// beingResharded answers TargetIsBeingResharded. spec: D-71, D-102, G-40
func (kss *keyspaceState) beingResharded(shard string) bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	if kss.deleted.Load() || kss.consistent || kss.moveTables.Type != buffer.MoveTablesNone {
		return false
	}
	mine, err := topodata.ParseKeyRange(shard)
	overlapOnly := kss.kew.behaviors.ReshardOverlapOnly
	if overlapOnly && (err != nil || !mine.Ranged) {
		return false
	}
	// The first shard that decides counts. Vitess goes by the order of a map.
	for _, name := range slices.Sorted(maps.Keys(kss.shards)) {
		if name == shard || !kss.shards[name].serving {
			continue
		}
		if !overlapOnly {
			return true
		}
		if theirs, err := topodata.ParseKeyRange(name); err != nil || !theirs.Ranged {
			return false
		} else if mine.Overlaps(theirs) {
			return true
		}
	}
	return false
}

// shouldBuffer answers ShouldStartBufferingForTarget. spec: D-72, G-41
func (kss *keyspaceState) shouldBuffer(shard string) (topodata.TabletAlias, bool) {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	s := kss.shards[shard]
	if s == nil {
		return topodata.TabletAlias{}, false
	}
	return s.currentPrimary, !s.serving && !kss.consistent && s.term != 0 && !s.currentPrimary.IsZero()
}

func (kss *keyspaceState) anyServing() bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	for _, s := range kss.shards { // order-free: whether there is one
		if s.serving {
			return true
		}
	}
	return false
}

func (kss *keyspaceState) isConsistent() bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	return kss.consistent
}

// ensureConsistent looks whether everything is fine again; if it has just become so, it sends
// the event and forgets the shards that do not serve. The caller holds the mutex, also while
// the event waits for room. spec: D-66, D-67
func (kss *keyspaceState) ensureConsistent() {
	if kss.consistent || !kss.whole() {
		return
	}
	kss.consistent = true
	kss.kew.env.Logf("info", "keyspace %s is now consistent", kss.name)
	ev := &KeyspaceEvent{Cell: kss.kew.cell, Keyspace: kss.name, MoveTables: kss.moveTables}
	for _, name := range slices.Sorted(maps.Keys(kss.shards)) {
		s := kss.shards[name]
		ev.Shards = append(ev.Shards, ShardEvent{Target: s.target, Primary: s.currentPrimary, Serving: s.serving})
	}
	kss.moveTables = MoveTables{}
	maps.DeleteFunc(kss.shards, func(_ string, s *shardState) bool { return !s.serving })
	kss.kew.traceEvent(ev)
	kss.kew.broadcast(ev)
}

// whole checks the conditions for consistency: one shard without a primary is enough to keep
// all others waiting. spec: discovery 5.4, D-70
func (kss *keyspaceState) whole() bool {
	if kss.moveTables.Type != buffer.MoveTablesNone && kss.moveTables.State != buffer.MoveTablesSwitched {
		return false
	}
	partition, ok := primaryPartition(kss.srv)
	if !ok || len(partition.ShardTabletControls) > 0 {
		return false
	}
	inPartition := map[string]bool{}
	for _, ref := range partition.ShardReferences {
		inPartition[ref.Name] = true
		if s := kss.shards[ref.Name]; s == nil || !s.serving {
			return false
		}
	}
	for name, s := range kss.shards { // order-free: whether there is one
		if s.serving && !inPartition[name] {
			return false
		}
	}
	return true
}
