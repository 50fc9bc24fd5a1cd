package topodata

import (
	"fmt"
	"maps"
	"strings"
)

// PortMap is the ports on which a tablet listens; zero means that it does not.
type PortMap struct {
	VT, GRPC int32
}

// Tablet is the record that a tablet publishes about itself in its cell's topology.
// spec: O-49, T-3
type Tablet struct {
	Alias         TabletAlias
	Hostname      string
	PortMap       PortMap
	Keyspace      string
	Shard         string
	KeyRange      KeyRange
	Type          TabletType
	Tags          map[string]string
	MySQLHostname string
	MySQLPort     int32
	// PrimaryTermStartTime is set only while the type is PRIMARY.
	PrimaryTermStartTime Timestamp
	TabletStartTime      Timestamp
	// TabletShutdownTime is set by an orderly process end, which also blanks the
	// addresses but leaves Type and PrimaryTermStartTime as they were (T-89).
	TabletShutdownTime Timestamp
}

// Clone gives a deep copy.
func (t Tablet) Clone() Tablet {
	t.Tags = maps.Clone(t.Tags)
	return t
}

// AddressKey tells two addresses of a tablet apart: host name and the ports it has, in
// the order of their names. A topology watcher replaces a tablet when it changes.
// spec: D-73
func (t Tablet) AddressKey() string {
	parts := []string{t.Hostname}
	if t.PortMap.GRPC != 0 {
		parts = append(parts, fmt.Sprintf("grpc:%d", t.PortMap.GRPC))
	}
	if t.PortMap.VT != 0 {
		parts = append(parts, fmt.Sprintf("vt:%d", t.PortMap.VT))
	}
	return strings.Join(parts, ",")
}
