package query

import (
	"strconv"
	"strings"

	"bufsim/model/topodata"
)

// Target names a group of tablets that can answer the same queries. It is comparable.
type Target struct {
	Keyspace   string
	Shard      string
	TabletType topodata.TabletType
	Cell       string
}

// String gives the protobuf text form that stands in Vitess's errors: fields in this
// order, absent ones (and the type UNKNOWN) left out.
// spec: G-24
func (t Target) String() string {
	var parts []string
	add := func(name, value string, given bool) {
		if given {
			parts = append(parts, name+":"+value)
		}
	}
	add("keyspace", strconv.Quote(t.Keyspace), t.Keyspace != "")
	add("shard", strconv.Quote(t.Shard), t.Shard != "")
	add("tablet_type", t.TabletType.String(), t.TabletType != topodata.Unknown)
	add("cell", strconv.Quote(t.Cell), t.Cell != "")
	return strings.Join(parts, " ")
}

// Lower gives the form of the `target: ` prefix of errors, such as commerce.0.primary.
// spec: G-28
func (t Target) Lower() string {
	return t.Keyspace + "." + t.Shard + "." + t.TabletType.Lower()
}
