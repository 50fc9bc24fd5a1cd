package buffer

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
)

// KeyspaceEvent says that a keyspace has become consistent again after a disruption, or that
// its shape has changed.
// spec: B-54
type KeyspaceEvent struct {
	Cell     string
	Keyspace string
	// MoveTables is how far a MoveTables of the keyspace is.
	MoveTables MoveTables
	// Shards lists all shards that the watcher knows; the order means nothing.
	Shards []ShardEvent
}

// ShardEvent is the state of one shard in a keyspace event.
type ShardEvent struct {
	// Primary is zero if the watcher knows none.
	Primary topodata.TabletAlias
	Target  query.Target
	// Serving is false for a shard that resharding has put away.
	Serving bool
}

// MoveTables is the state of a MoveTables workflow, as far as it is seen in denied tables and
// routing rules.
// spec: B-56, D-63
type MoveTables struct {
	Type  MoveTablesType
	State MoveTablesState
}

// MoveTablesType says whether whole keyspaces or single shards are switched.
type MoveTablesType uint8

// The types.
const (
	MoveTablesNone MoveTablesType = iota
	MoveTablesRegular
	MoveTablesShardByShard
)

// MoveTablesState says whether traffic is switched.
type MoveTablesState uint8

// The states.
const (
	MoveTablesUnknown MoveTablesState = iota
	MoveTablesSwitching
	MoveTablesSwitched
)

// HandleKeyspaceEvent ends the buffering of the event's shards. It never waits for a request,
// only for the shards' locks; the gate calls it from one task, event by event.
// spec: B-54, B-67, C-11
func (b *Buffer) HandleKeyspaceEvent(ev *KeyspaceEvent) {
	b.env.Logf("info", "Keyspace Event received for keyspace %v", ev.Keyspace)
	for i := range ev.Shards {
		if b.stopped.Load() {
			return
		}
		target := ev.Shards[i].Target
		b.shardBuffer(target.Keyspace, target.Shard).applyEvent(ev, &ev.Shards[i])
	}
}

// applyEvent is one step under the lock. It is not asked whether this shard was the disturbed
// one, or whether its primary has changed.
// spec: B-55..B-57
func (sb *shardBuffer) applyEvent(ev *KeyspaceEvent, shard *ShardEvent) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.env.Tracing() {
		sb.env.Logf("debug", "disruption in shard %s/%s resolved (serving: %v), movetable state %#v", sb.keyspace, sb.shard, shard.Serving, ev.MoveTables.State)
	}
	sb.seePrimary(shard.Primary)
	switch {
	case ev.MoveTables.State == MoveTablesSwitched && sb.buffer.behaviors.ClassifyDeniedTables:
		sb.stop(stopMoveTables, "MoveTables has switched writes")
	case shard.Serving:
		sb.stop(stopNewPrimary, "a primary promotion has been detected")
	default:
		sb.stop(stopResharding, "the keyspace has been resharded")
	}
}

// seePrimary notes a change of the primary, which may be a reparent that was not buffered; the
// first primary is no change. The lock is held.
// spec: B-55
func (sb *shardBuffer) seePrimary(alias topodata.TabletAlias) {
	if alias == sb.currentPrimary {
		return
	}
	if !sb.currentPrimary.IsZero() {
		sb.lastReparent = at(sb.env.Now())
	}
	sb.currentPrimary = alias
	if sb.env.Tracing() {
		sb.tracePrimary()
	}
}
