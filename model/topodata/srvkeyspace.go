package topodata

import "slices"

// ShardReference names a shard that serves a part of a keyspace.
type ShardReference struct {
	Name     string
	KeyRange KeyRange
}

// ShardTabletControl tells tablets of a shard to serve or not; any entry in a partition
// means that a migration is under way.
// spec: O-52, D-65
type ShardTabletControl struct {
	Name                 string
	KeyRange             KeyRange
	QueryServiceDisabled bool
}

// Partition lists the shards that serve one tablet type.
type Partition struct {
	ServedType          TabletType
	ShardReferences     []ShardReference
	ShardTabletControls []ShardTabletControl
}

// Clone gives a deep copy.
func (p Partition) Clone() Partition {
	p.ShardReferences = slices.Clone(p.ShardReferences)
	p.ShardTabletControls = slices.Clone(p.ShardTabletControls)
	return p
}

// Equal reports whether two partitions have the same content in the same order.
// spec: D-61
func (p Partition) Equal(o Partition) bool {
	return p.ServedType == o.ServedType && slices.Equal(p.ShardReferences, o.ShardReferences) &&
		slices.Equal(p.ShardTabletControls, o.ShardTabletControls)
}

// SrvKeyspace is a cell's record of which shards serve a keyspace. It names no tablet and
// no primary: a reparent never changes it.
// spec: O-52
type SrvKeyspace struct {
	Partitions []Partition
}

// Clone gives a deep copy.
func (k SrvKeyspace) Clone() SrvKeyspace {
	k.Partitions = slices.Clone(k.Partitions)
	for i, p := range k.Partitions {
		k.Partitions[i] = p.Clone()
	}
	return k
}

// Equal reports whether two records have the same content in the same order.
// spec: D-61
func (k SrvKeyspace) Equal(o SrvKeyspace) bool {
	return slices.EqualFunc(k.Partitions, o.Partitions, Partition.Equal)
}

// Partition gives the partition of a tablet type, and whether there is one. The slices in
// it are those of the record.
func (k SrvKeyspace) Partition(t TabletType) (Partition, bool) {
	for _, p := range k.Partitions {
		if p.ServedType == t {
			return p, true
		}
	}
	return Partition{}, false
}
