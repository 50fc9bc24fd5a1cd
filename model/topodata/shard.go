package topodata

import "slices"

// TabletControl restricts what tablets of one type may serve in a shard. Denied tables
// are how MoveTables stops writes at the source.
// spec: O-47, T-47
type TabletControl struct {
	TabletType   TabletType
	Cells        []string
	DeniedTables []string
	Frozen       bool
	// AllowReads lets SELECT through to denied tables (v24).
	AllowReads bool
}

// Shard is the global record of one shard.
// spec: O-47
type Shard struct {
	PrimaryAlias TabletAlias
	// PrimaryTermStartTime never goes back; PrimaryAlias changes only with a later one.
	PrimaryTermStartTime Timestamp
	KeyRange             KeyRange
	// TabletControls has at most one entry per tablet type.
	TabletControls   []TabletControl
	IsPrimaryServing bool
	// DisableEmergencyReparent keeps VTOrc from emergency reparents. spec: R-144
	DisableEmergencyReparent bool
}

// Clone gives a deep copy.
func (s Shard) Clone() Shard {
	s.TabletControls = slices.Clone(s.TabletControls)
	for i, c := range s.TabletControls {
		c.Cells = slices.Clone(c.Cells)
		c.DeniedTables = slices.Clone(c.DeniedTables)
		s.TabletControls[i] = c
	}
	return s
}

// TabletControl gives the control for a tablet type, and whether there is one.
func (s Shard) TabletControl(t TabletType) (TabletControl, bool) {
	for _, c := range s.TabletControls {
		if c.TabletType == t {
			return c, true
		}
	}
	return TabletControl{}, false
}

// ShardReplication is the cell's list of a shard's tablets. It holds no duplicates.
// spec: O-51
type ShardReplication struct {
	Nodes []TabletAlias
}

// Clone gives a deep copy.
func (r ShardReplication) Clone() ShardReplication {
	return ShardReplication{Nodes: slices.Clone(r.Nodes)}
}
