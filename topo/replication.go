package topo

import (
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// GetShardReplication reads a cell's list of a shard's tablets; NoNode if there is none.
func (s *Server) GetShardReplication(ctx *sim.Context, cell, keyspace, shard string) (*topodata.ShardReplication, error) {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return nil, err
	}
	rec, _, err := getRecord[topodata.ShardReplication](ctx, conn, shardReplicationPath(keyspace, shard))
	return rec, err
}

// UpdateShardReplicationFields changes a cell's list of a shard's tablets by
// read-modify-write; a missing list is created, also against a competitor. Lists
// are stored without duplicates. spec: O-19, O-51
func (s *Server) UpdateShardReplicationFields(ctx *sim.Context, cell, keyspace, shard string, update func(*topodata.ShardReplication) error) error {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return err
	}
	path := shardReplicationPath(keyspace, shard)
	distinct := func(r *topodata.ShardReplication) error {
		if err := update(r); err != nil {
			return err
		}
		r.Nodes = withoutDuplicates(r.Nodes)
		return nil
	}
	for {
		_, err := updateRecord(ctx, conn, path, distinct)
		if !IsErrType(err, NoNode) {
			return err
		}
		var fresh topodata.ShardReplication
		if err := distinct(&fresh); err != nil {
			if IsErrType(err, NoUpdateNeeded) {
				return nil
			}
			return err
		}
		if _, err := conn.Create(ctx, path, encode(&fresh)); !IsErrType(err, NodeExists) {
			return err
		}
	}
}

// AddShardReplication puts a tablet on its shard's list, if it is not there.
func (s *Server) AddShardReplication(ctx *sim.Context, tablet *topodata.Tablet) error {
	alias := tablet.Alias
	return s.UpdateShardReplicationFields(ctx, alias.Cell, tablet.Keyspace, tablet.Shard, func(r *topodata.ShardReplication) error {
		if slices.Contains(r.Nodes, alias) {
			return NewError(NoUpdateNeeded, alias.String())
		}
		r.Nodes = append(r.Nodes, alias)
		return nil
	})
}

// RemoveShardReplication takes a tablet off its shard's list.
func (s *Server) RemoveShardReplication(ctx *sim.Context, tablet *topodata.Tablet) error {
	alias := tablet.Alias
	return s.UpdateShardReplicationFields(ctx, alias.Cell, tablet.Keyspace, tablet.Shard, func(r *topodata.ShardReplication) error {
		if !slices.Contains(r.Nodes, alias) {
			return NewError(NoUpdateNeeded, alias.String())
		}
		r.Nodes = slices.DeleteFunc(r.Nodes, func(a topodata.TabletAlias) bool { return a == alias })
		return nil
	})
}

// withoutDuplicates keeps the first of equal aliases.
func withoutDuplicates(nodes []topodata.TabletAlias) []topodata.TabletAlias {
	var kept []topodata.TabletAlias
	for _, n := range nodes {
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}
