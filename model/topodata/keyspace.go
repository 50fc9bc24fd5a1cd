package topodata

// KeyspaceType tells ordinary keyspaces from point-in-time copies.
// spec: O-46
type KeyspaceType int32

// The keyspace types.
const (
	KeyspaceNormal   KeyspaceType = 0
	KeyspaceSnapshot KeyspaceType = 1
)

// String gives the upper-case name.
func (t KeyspaceType) String() string {
	if t == KeyspaceSnapshot {
		return "SNAPSHOT"
	}
	return "NORMAL"
}

// SidecarDBNameDefault is the sidecar database of a keyspace that names none.
// spec: O-46
const SidecarDBNameDefault = "_vt"

// Keyspace is the global record of one keyspace.
// spec: O-46
type Keyspace struct {
	Type         KeyspaceType
	BaseKeyspace string
	SnapshotTime Timestamp
	// DurabilityPolicy names a policy of package durability; empty means none.
	DurabilityPolicy string
	SidecarDBName    string
	// DisableEmergencyReparent keeps VTOrc from emergency reparents. spec: R-144
	DisableEmergencyReparent bool
}

// Clone gives a copy; the record holds nothing that could be shared.
func (k Keyspace) Clone() Keyspace { return k }
