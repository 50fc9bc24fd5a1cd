package vtorc

import (
	"cmp"
	"slices"

	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// shardKey names a shard.
type shardKey struct{ keyspace, shard string }

func (k shardKey) String() string { return k.keyspace + "/" + k.shard }

// shardRecords are the global records of a shard.
type shardRecords struct {
	keyspace topodata.Keyspace
	shard    topodata.Shard
}

// store is what VTOrc knows: the topology's records and the tablets' answers. Real VTOrc keeps
// it in a database of its own, which it loses with its process just the same.
type store struct {
	env       *sim.Env
	mu        *sim.Mutex
	shards    map[shardKey]shardRecords
	instances map[topodata.TabletAlias]*Instance
}

func newStore(env *sim.Env) *store {
	return &store{
		env: env, mu: env.NewMutex("store"),
		shards: map[shardKey]shardRecords{}, instances: map[topodata.TabletAlias]*Instance{},
	}
}

// setShard stores the records of a shard.
func (s *store) setShard(key shardKey, records shardRecords) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards[key] = records
}

// setTablets stores the records of all tablets within some scope; those of it that are not
// listed are forgotten. It gives the tablets that were not known before.
func (s *store) setTablets(tablets []*topodata.Tablet, inScope func(*topodata.Tablet) bool) (added []topodata.TabletAlias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := map[topodata.TabletAlias]bool{}
	for _, t := range tablets {
		listed[t.Alias] = true
		known := s.instances[t.Alias]
		if known == nil {
			known = &Instance{}
			s.instances[t.Alias] = known
			added = append(added, t.Alias)
		}
		known.Tablet = t.Clone()
	}
	for alias, i := range s.instances { // order-free: deletions
		if !listed[alias] && inScope(&i.Tablet) {
			delete(s.instances, alias)
		}
	}
	return added
}

// knows reports whether a tablet has a record.
func (s *store) knows(alias topodata.TabletAlias) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instances[alias] != nil
}

// attempt notes that a poll begins, and when. spec: R-140
func (s *store) attempt(alias topodata.TabletAlias) sim.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.env.Now()
	if i := s.instances[alias]; i != nil {
		i.Check.Attempted = now
	}
	return now
}

// succeeded stores what a tablet said.
func (s *store) succeeded(alias topodata.TabletAlias, status tmclient.FullStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.instances[alias]
	if i == nil {
		return
	}
	now := s.env.Now()
	if !i.Check.Ever || !i.Status.Primary.Position.Equal(status.Primary.Position) {
		i.StillSince = now
	}
	i.Check.Seen, i.Check.Ever, i.Check.Failed, i.Status, i.DiskStalled = now, true, false, status, false
}

// stalled notes that a tablet's disk hangs. spec: R-141
func (s *store) stalled(alias topodata.TabletAlias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.instances[alias]; i != nil {
		i.DiskStalled = true
	}
}

// failed notes that a poll which began at some time failed, unless a later one has succeeded.
// It reports whether the tablet is a primary.
func (s *store) failed(alias topodata.TabletAlias, began sim.Time) (isPrimary bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.instances[alias]
	if i == nil {
		return false
	}
	now := s.env.Now()
	i.Check.Failures = slices.DeleteFunc(append(i.Check.Failures, now), func(at sim.Time) bool { return now.Sub(at) > healthWindow })
	if !i.Check.Ever || began > i.Check.Seen {
		i.Check.Failed, i.Check.Pings = true, false
	}
	return i.Tablet.Type == topodata.Primary
}

// pings notes that a tablet's process answers although its last check failed.
func (s *store) pings(alias topodata.TabletAlias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.instances[alias]; i != nil {
		i.Check.Pings = true
	}
}

// restarted notes that a tablet's replication is restarted now.
func (s *store) restarted(alias topodata.TabletAlias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.instances[alias]; i != nil {
		i.Restarted = s.env.Now()
	}
}

// keys lists the known shards in order.
func (s *store) keys() []shardKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]shardKey, 0, len(s.shards))
	for key := range s.shards { // order-free: sorted below
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b shardKey) int {
		return cmp.Or(cmp.Compare(a.keyspace, b.keyspace), cmp.Compare(a.shard, b.shard))
	})
	return list
}

// snapshot gives a copy of what is stored about a shard. An unknown durability policy counts
// as none.
func (s *store) snapshot(key shardKey) *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	records := s.shards[key]
	policy, err := durability.Lookup(records.keyspace.DurabilityPolicy)
	if err != nil {
		policy = durability.Policy{}
	}
	snap := &Snapshot{
		Keyspace: key.keyspace, Shard: key.shard, Policy: policy, Record: records.shard.Clone(),
		EmergencyDisabled: records.keyspace.DisableEmergencyReparent || records.shard.DisableEmergencyReparent,
	}
	for _, i := range s.instances { // order-free: sorted below
		if i.Tablet.Keyspace == key.keyspace && i.Tablet.Shard == key.shard {
			copied := *i
			copied.Check.Failures = slices.Clone(i.Check.Failures)
			snap.Instances = append(snap.Instances, copied)
		}
	}
	slices.SortFunc(snap.Instances, func(a, b Instance) int { return a.Tablet.Alias.Compare(b.Tablet.Alias) })
	return snap
}
