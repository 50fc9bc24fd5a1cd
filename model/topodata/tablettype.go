package topodata

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TabletType is the role of a tablet. The numbers are those of the Vitess protocol.
// spec: O-50
type TabletType int32

// The tablet types.
const (
	Unknown      TabletType = 0
	Primary      TabletType = 1
	Replica      TabletType = 2
	RDOnly       TabletType = 3
	Spare        TabletType = 4
	Experimental TabletType = 5
	Backup       TabletType = 6
	Restore      TabletType = 7
	Drained      TabletType = 8
)

// AllTabletTypes lists every type in the order of their numbers.
func AllTabletTypes() []TabletType {
	return []TabletType{Unknown, Primary, Replica, RDOnly, Spare, Experimental, Backup, Restore, Drained}
}

// String gives the upper-case name, such as PRIMARY. Numbers without a name print as numbers.
func (t TabletType) String() string {
	switch t {
	case Unknown:
		return "UNKNOWN"
	case Primary:
		return "PRIMARY"
	case Replica:
		return "REPLICA"
	case RDOnly:
		return "RDONLY"
	case Spare:
		return "SPARE"
	case Experimental:
		return "EXPERIMENTAL"
	case Backup:
		return "BACKUP"
	case Restore:
		return "RESTORE"
	case Drained:
		return "DRAINED"
	default:
		return strconv.Itoa(int(t))
	}
}

// Lower gives the lower-case name, as it stands in the `target:` prefix of errors.
func (t TabletType) Lower() string { return strings.ToLower(t.String()) }

// ParseTabletType reads a name in any case. "master" is accepted for PRIMARY and "batch"
// for RDONLY, as older guides write them.
func ParseTabletType(text string) (TabletType, error) {
	name := strings.ToUpper(text)
	switch name {
	case "MASTER":
		return Primary, nil
	case "BATCH":
		return RDOnly, nil
	}
	for _, t := range AllTabletTypes() {
		if t.String() == name {
			return t, nil
		}
	}
	return Unknown, fmt.Errorf("unknown TabletType %v", text)
}

// ParseTabletTypes reads a comma-separated list of names; an empty text is an empty list.
func ParseTabletTypes(list string) ([]TabletType, error) {
	if list == "" {
		return nil, nil
	}
	var types []TabletType
	for name := range strings.SplitSeq(list, ",") {
		t, err := ParseTabletType(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return types, nil
}

// IsServing reports whether the type has a partition in the serving graph.
// spec: O-50
func (t TabletType) IsServing() bool {
	return slices.Contains([]TabletType{Primary, Replica, RDOnly}, t)
}

// RunsQueryService reports whether a tablet of this type answers queries at all.
// spec: T-2
func (t TabletType) RunsQueryService() bool {
	return slices.Contains([]TabletType{Primary, Replica, RDOnly, Experimental, Drained}, t)
}

// IsReplicaType reports whether a tablet of this type should replicate from the
// shard's primary.
// spec: T-2
func (t TabletType) IsReplicaType() bool {
	return slices.Contains([]TabletType{Replica, RDOnly, Spare, Experimental}, t)
}
