package topodata

import "slices"

// RoutingRule sends queries that name FromTable to the tables in ToTables. FromTable is a
// bare or qualified name, possibly with a tablet type (`ks.t@replica`); destinations are
// qualified names.
// spec: D-63
type RoutingRule struct {
	FromTable string
	ToTables  []string
}

// ShardRoutingRule sends queries for one shard of a keyspace to another keyspace.
// spec: D-63
type ShardRoutingRule struct {
	FromKeyspace string
	ToKeyspace   string
	Shard        string
}

// MirrorRule sends a share of the queries that name FromTable to ToTable, too.
// spec: O-53
type MirrorRule struct {
	FromTable, ToTable string
	// Percent is the share, from 0 to 100.
	Percent int
}

// KeyspaceRoutingRule sends queries for one keyspace to another.
// spec: O-53
type KeyspaceRoutingRule struct {
	FromKeyspace, ToKeyspace string
}

// SrvVSchema is a cell's record of how tables are routed. Denied tables are not in it.
// spec: O-53
type SrvVSchema struct {
	// Keyspaces names the keyspaces that have a vschema, sorted.
	Keyspaces         []string
	RoutingRules      []RoutingRule
	ShardRoutingRules []ShardRoutingRule

	KeyspaceRoutingRules []KeyspaceRoutingRule
	MirrorRules          []MirrorRule
}

// Clone gives a deep copy.
func (v SrvVSchema) Clone() SrvVSchema {
	v.Keyspaces = slices.Clone(v.Keyspaces)
	v.RoutingRules = slices.Clone(v.RoutingRules)
	for i, r := range v.RoutingRules {
		v.RoutingRules[i].ToTables = slices.Clone(r.ToTables)
	}
	v.ShardRoutingRules = slices.Clone(v.ShardRoutingRules)
	v.KeyspaceRoutingRules = slices.Clone(v.KeyspaceRoutingRules)
	v.MirrorRules = slices.Clone(v.MirrorRules)
	return v
}

// Equal reports whether two records have the same content in the same order.
func (v SrvVSchema) Equal(o SrvVSchema) bool {
	return slices.Equal(v.Keyspaces, o.Keyspaces) &&
		slices.EqualFunc(v.RoutingRules, o.RoutingRules, RoutingRule.equal) &&
		slices.Equal(v.ShardRoutingRules, o.ShardRoutingRules) &&
		slices.Equal(v.KeyspaceRoutingRules, o.KeyspaceRoutingRules) && slices.Equal(v.MirrorRules, o.MirrorRules)
}

func (r RoutingRule) equal(o RoutingRule) bool {
	return r.FromTable == o.FromTable && slices.Equal(r.ToTables, o.ToTables)
}

// Destinations gives where a rule for exactly this name leads, and whether there is one.
func (v SrvVSchema) Destinations(fromTable string) ([]string, bool) {
	for _, r := range v.RoutingRules {
		if r.FromTable == fromTable {
			return r.ToTables, true
		}
	}
	return nil, false
}
