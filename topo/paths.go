package topo

import "bufsim/model/topodata"

// The paths of the records, relative to the root of the topology they live in.
// spec: topo 1.1

const (
	cellsDir             = "cells"
	keyspacesDir         = "keyspaces"
	tabletsDir           = "tablets"
	cellsAliasesDir      = "cells_aliases"
	namedLocksDir        = "internal/named_locks"
	routingRulesDir      = "routing_rules"
	srvVSchemaPath       = "SrvVSchema"
	routingRulesPath     = "RoutingRules"
	shardRoutingRulePath = "ShardRoutingRules"
	mirrorRulesPath      = "MirrorRules"
	keyspaceRulesPath    = routingRulesDir + "/keyspace/Rules"
)

func cellsAliasPath(alias string) string { return cellsAliasesDir + "/" + alias + "/CellsAlias" }

func cellInfoPath(cell string) string   { return cellsDir + "/" + cell + "/CellInfo" }
func keyspaceDir(ks string) string      { return keyspacesDir + "/" + ks }
func keyspacePath(ks string) string     { return keyspaceDir(ks) + "/Keyspace" }
func vschemaPath(ks string) string      { return keyspaceDir(ks) + "/VSchema" }
func srvKeyspacePath(ks string) string  { return keyspaceDir(ks) + "/SrvKeyspace" }
func shardsDir(ks string) string        { return keyspaceDir(ks) + "/shards" }
func shardDir(ks, shard string) string  { return shardsDir(ks) + "/" + shard }
func shardPath(ks, shard string) string { return shardDir(ks, shard) + "/Shard" }

func shardReplicationPath(ks, shard string) string {
	return shardDir(ks, shard) + "/ShardReplication"
}

func tabletPath(alias topodata.TabletAlias) string {
	return tabletsDir + "/" + alias.String() + "/Tablet"
}
