// Package topodata holds the records of the topology and the identities in them:
// tablet aliases and types, shards, keyspaces, the serving graph, key ranges and
// the rules for names. It models Vitess's topodata messages.
//
// Everything here is a plain value. Records have no behaviour over time; reading,
// writing and watching them is the work of package topo. A record that holds a
// slice or a map has a Clone method, and whoever stores or sends a record clones
// it first; all other types are comparable with ==.
//
// Left out: throttler configurations, VTOrc state, source shards of old resharding,
// keyspace and mirror rules.
//
// Invariants: a TabletAlias printed and parsed is the same alias; KeyRange bounds
// are lower-case hexadecimal of even length, so comparing them as text is comparing
// them as bytes.
//
//	alias, err := topodata.ParseTabletAlias("zone1-100")
//	fmt.Println(alias, err) // zone1-0000000100 <nil>
package topodata
