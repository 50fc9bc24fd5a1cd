package invariant

import (
	"time"

	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
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
	// Stalls is the sum of the stalls that a schedule put between two instants, none if nil.
	Stalls func(begin, end sim.Time) time.Duration
}

// Slack is how late what happens between two instants may be: no machine keeps to times while a
// schedule puts its procs aside. spec: P-22
func (f *Facts) Slack(begin, end sim.Time) time.Duration {
	if f.Stalls == nil {
		return 0
	}
	return f.Stalls(begin, end)
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
