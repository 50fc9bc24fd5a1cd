package discovery

import (
	"maps"
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// SrvTopo is the cached serving topology of a cell; srvtopo.ResilientServer is one. A listener
// is called with the present value (or error) before the call that adds it returns, which may
// wait for the topology's first answer; then on each change. It is dropped when it returns
// false. spec: D-79, D-81
type SrvTopo interface {
	GetSrvKeyspaceNames(ctx *sim.Context, cell string, staleOK bool) ([]string, error)
	WatchSrvKeyspace(cell, keyspace string, listener func(*topodata.SrvKeyspace, error) bool)
	WatchSrvVSchema(cell string, listener func(*topodata.SrvVSchema, error) bool)
}

// ShardReader reads shard records from the global topology.
type ShardReader interface {
	GetShard(ctx *sim.Context, keyspace, shard string) (*topodata.Shard, error)
}

// HealthSource gives the updates of a health check.
type HealthSource interface {
	Subscribe(name string) *sim.Chan[*TabletHealth]
}

// KeyspaceEventWatcher follows, for each keyspace, which shards have a serving primary, and
// sends an event when a keyspace is whole again. It is the memory of a failover: the health
// check forgets a primary that does not serve, this does not.
// spec: discovery 5
type KeyspaceEventWatcher struct {
	env       *sim.Env
	cell      string
	srv       SrvTopo
	shards    ShardReader
	behaviors release.Behaviors
	ctx       *sim.Context
	cancel    func()

	mu        *sim.Mutex
	keyspaces map[string]*keyspaceState

	delay  sim.Dist
	delays *sim.Rand // of the task of health messages

	subsMu *sim.Mutex
	subs   []*sim.Chan[*KeyspaceEvent]
}

// NewKeyspaceEventWatcher starts a watcher: one task for the messages of health, and one that
// looks at the keyspaces of the cell once. Updates before this call are lost to it. delay is how
// long a message of health waits for its turn on the processor: while it does, the watcher is
// behind the health check (G-44, D-89).
// spec: D-51, D-53, D-84
func NewKeyspaceEventWatcher(env *sim.Env, srv SrvTopo, shards ShardReader, health HealthSource, cell string, delay sim.Dist, b release.Behaviors) *KeyspaceEventWatcher {
	env = env.Named("kew")
	kew := &KeyspaceEventWatcher{
		env: env, cell: cell, srv: srv, shards: shards, behaviors: b, delay: delay,
		delays: env.Rand("kew/" + env.HostName()), mu: env.NewMutex("keyspaces"), keyspaces: map[string]*keyspaceState{}, subsMu: env.NewMutex("subscribers"),
	}
	kew.ctx, kew.cancel = env.WithCancel(env.Background())
	updates := health.Subscribe("KeyspaceEventWatcher")
	env.GoDaemon("health", func() { kew.processHealth(updates) })
	env.GoDaemon("seed", kew.seed)
	return kew
}

// Close ends the watcher's tasks and its topology watches. Subscribers' channels stay open.
func (kew *KeyspaceEventWatcher) Close() { kew.cancel() }

// Subscribe gives a channel for all later events. While it is full, the watcher waits for room,
// with the keyspace's mutex held; releases before v20 drop the event. spec: D-67
func (kew *KeyspaceEventWatcher) Subscribe() *sim.Chan[*KeyspaceEvent] {
	kew.subsMu.Lock()
	defer kew.subsMu.Unlock()
	ch := sim.NewChan[*KeyspaceEvent](kew.env, "events", kew.behaviors.KeyspaceEventChannelCapacity)
	kew.subs = append(kew.subs, ch)
	return ch
}

// MarkShardNotServing notes that buffering of a shard begins. With isReparent, only a newer
// primary term, or a message that the shard does not serve, lets the shard serve again. It says
// whether the shard is known; if not, the caller must not buffer. It may wait for the
// keyspace's mutex. spec: D-65
func (kew *KeyspaceEventWatcher) MarkShardNotServing(keyspace, shard string, isReparent bool) bool {
	kss := kew.keyspace(keyspace)
	known := kss != nil && kss.mark(shard, isReparent)
	kew.traceMark(keyspace, shard, isReparent, known)
	return known
}

// TargetIsBeingResharded says whether the target's shard seems to be replaced by others that
// serve already. spec: D-71
func (kew *KeyspaceEventWatcher) TargetIsBeingResharded(target query.Target) bool {
	kss := kew.keyspace(target.Keyspace)
	return kss != nil && kss.beingResharded(target.Shard)
}

// ShouldStartBufferingForTarget gives the primary that the shard last had, if any, and whether
// a failover of it seems to be under way. spec: D-72
func (kew *KeyspaceEventWatcher) ShouldStartBufferingForTarget(target query.Target) (primary topodata.TabletAlias, should bool) {
	kss := kew.keyspace(target.Keyspace)
	if kss == nil {
		return topodata.TabletAlias{}, false
	}
	return kss.shouldBuffer(target.Shard)
}

// ServingKeyspaces lists the keyspaces with at least one serving shard, sorted. spec: D-72
func (kew *KeyspaceEventWatcher) ServingKeyspaces() []string {
	kew.mu.Lock()
	defer kew.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(kew.keyspaces)) {
		if kew.keyspaces[name].anyServing() {
			names = append(names, name)
		}
	}
	return names
}

// consistencyPoll is the pace of WaitForConsistency. spec: D-85
const consistencyPoll = 100 * time.Millisecond

// WaitForConsistency blocks until all the keyspaces are consistent or deleted, or ctx ends;
// then it gives the context's error. spec: D-85, G-80
func (kew *KeyspaceEventWatcher) WaitForConsistency(ctx *sim.Context, keyspaces []string) error {
	for {
		keyspaces = slices.DeleteFunc(slices.Clone(keyspaces), func(name string) bool {
			kss := kew.keyspace(name)
			return kss == nil || kss.isConsistent()
		})
		if len(keyspaces) == 0 {
			return nil
		}
		if err := kew.env.SleepCtx(ctx, consistencyPoll); err != nil {
			return err
		}
	}
}

// seed makes the state of every keyspace that the cell serves. spec: D-51
func (kew *KeyspaceEventWatcher) seed() {
	names, err := kew.srv.GetSrvKeyspaceNames(kew.ctx, kew.cell, true)
	if err != nil {
		kew.env.Logf("error", "CEM: initialize failed for cell %q: %v", kew.cell, err)
		return
	}
	for _, name := range names {
		kew.keyspace(name)
	}
}

// processHealth is the one task for the health messages of all keyspaces. spec: D-53
func (kew *KeyspaceEventWatcher) processHealth(updates *sim.Chan[*TabletHealth]) {
	for {
		var update *TabletHealth
		var open bool
		if kew.env.Select(sim.OnDone(kew.ctx), sim.OnRecv(updates, &update, &open)) == 0 || !open {
			return
		}
		if d := kew.delay.Draw(kew.delays); d > 0 {
			kew.env.Sleep(d)
		}
		if kss := kew.keyspace(update.Target.Keyspace); kss != nil {
			kss.onHealth(update)
		}
	}
}

// keyspace finds or makes the state of a keyspace; nil for one that does not exist. Making it
// waits for the topology, and all other questions wait with it. spec: D-51, D-52, D-52a
func (kew *KeyspaceEventWatcher) keyspace(name string) *keyspaceState {
	kew.mu.Lock()
	defer kew.mu.Unlock()
	kss := kew.keyspaces[name]
	if kss == nil {
		kss = newKeyspaceState(kew, name)
		kew.keyspaces[name] = kss
	}
	if kss.deleted.Load() {
		delete(kew.keyspaces, name)
		return nil
	}
	return kss
}

// broadcast sends an event to all subscribers, one after the other. spec: D-67
func (kew *KeyspaceEventWatcher) broadcast(ev *KeyspaceEvent) {
	kew.subsMu.Lock()
	defer kew.subsMu.Unlock()
	for _, ch := range kew.subs {
		switch {
		case kew.behaviors.KeyspaceEventSendBlocks:
			kew.env.Select(sim.OnSend(ch, ev), sim.OnDone(kew.ctx))
		case !ch.TrySend(ev):
			kew.env.Mark("keyspace-event-dropped")
		}
	}
}
