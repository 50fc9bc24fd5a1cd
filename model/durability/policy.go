package durability

import (
	"fmt"
	"strings"

	"bufsim/model/topodata"
)

// Member is what a policy looks at in a tablet.
type Member struct {
	Alias topodata.TabletAlias
	Type  topodata.TabletType
}

// Policy is one durability policy. The zero value is `none`.
// spec: R-10
type Policy struct {
	name      string
	acks      int
	rdonly    bool // RDONLY tablets acknowledge, too
	crossCell bool // only other cells than the primary's acknowledge
	prefer    topodata.TabletAlias
}

// names lists the policies; the default stands first.
func names() []string {
	return []string{"none", "semi_sync", "semi_sync_with_rdonly_ack", "cross_cell", "cross_cell_with_rdonly_ack", "test"}
}

// Names lists the policies that Lookup knows.
func Names() []string { return names() }

// Lookup finds the policy with a name; the empty name is `none`.
// spec: R-10
func Lookup(name string) (Policy, error) {
	switch name {
	case "", "none":
		return Policy{name: "none"}, nil
	case "semi_sync":
		return Policy{name: name, acks: 1}, nil
	case "semi_sync_with_rdonly_ack":
		return Policy{name: name, acks: 1, rdonly: true}, nil
	case "cross_cell":
		return Policy{name: name, acks: 1, crossCell: true}, nil
	case "cross_cell_with_rdonly_ack":
		return Policy{name: name, acks: 1, crossCell: true, rdonly: true}, nil
	case "test":
		return Policy{name: name, prefer: topodata.TabletAlias{Cell: "zone2", UID: 200}}, nil
	default:
		return Policy{}, fmt.Errorf("durability policy %s not found", name)
	}
}

// String gives the policy's name.
func (p Policy) String() string {
	if p.name == "" {
		return "none"
	}
	return p.name
}

// AcksNeeded is how many other tablets must have received a transaction before the primary
// commits it. Positive means that the primary's side of semi-sync is on.
// spec
func (p Policy) AcksNeeded() int { return p.acks }

// IsAcker reports whether a tablet's acknowledgement counts for a primary, and hence whether
// the tablet's side of semi-sync is on.
// spec
func (p Policy) IsAcker(primary, tablet Member) bool {
	if p.acks == 0 || p.crossCell && primary.Alias.Cell == tablet.Alias.Cell {
		return false
	}
	switch tablet.Type {
	case topodata.Primary, topodata.Replica:
		return true
	case topodata.RDOnly:
		return p.rdonly
	default:
		return false
	}
}

// Rule says how welcome a tablet is as primary; smaller is better.
// spec: R-10
type Rule int

// The promotion rules.
const (
	Must Rule = iota
	Prefer
	Neutral
	PreferNot
	MustNot
)

// String gives the rule's name.
func (r Rule) String() string {
	return strings.Fields("must prefer neutral prefer_not must_not")[r]
}

// Promotion gives a tablet's promotion rule.
// spec: R-10
func (p Policy) Promotion(tablet Member) Rule {
	if tablet.Type != topodata.Primary && tablet.Type != topodata.Replica {
		return MustNot
	}
	if !p.prefer.IsZero() && tablet.Alias == p.prefer {
		return Prefer
	}
	return Neutral
}
