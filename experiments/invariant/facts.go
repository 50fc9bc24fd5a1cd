package invariant

import (
	"time"

	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
)

// Facts are what checkers know of a run beforehand.
type Facts struct {
	Release   release.Profile
	Flags     flags.Set
	Keyspaces []Keyspace
	// Gates are the host names of the gates.
	Gates []string
	// WaitReplicasTimeout is the longest that an operation of the timeline asks for; 0 if
	// none does.
	WaitReplicasTimeout time.Duration
}

// Keyspace is a keyspace of the cluster.
type Keyspace struct {
	Name string
	// Durability is the name of the durability policy.
	Durability string
	Shards     []Shard
}

// Shard is a shard with its tablets.
type Shard struct {
	Name    string
	Tablets []topodata.TabletAlias
}
