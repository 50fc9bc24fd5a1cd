package discovery

import "bufsim/gate/buffer"

// The events are declared where they are consumed, since the buffer knows no discovery.
// spec: D-66
type (
	// KeyspaceEvent says that a keyspace is whole again.
	KeyspaceEvent = buffer.KeyspaceEvent
	// ShardEvent is one shard in it.
	ShardEvent = buffer.ShardEvent
	// MoveTables is how far a MoveTables is. spec: D-63
	MoveTables = buffer.MoveTables
)
