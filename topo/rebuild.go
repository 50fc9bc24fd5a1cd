package topo

import (
	"fmt"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// RebuildKeyspaceGraph computes the serving records of a keyspace from its shards
// under the keyspace's lock, and writes them blindly to the cells (none: all), in
// parallel. It refuses while a migration is under way and when the serving shards
// do not cover the keyspace. If the keyspace has no record, leftovers in the cells
// are deleted and the error is NoNode. spec: O-54, O-55
func (s *Server) RebuildKeyspaceGraph(ctx *sim.Context, keyspace string, cells []string) error {
	return s.rebuild(ctx, keyspace, cells, false)
}

// RebuildKeyspaceGraphPartial is RebuildKeyspaceGraph, except that the serving shards
// of a snapshot keyspace need not cover it (allow_partial). spec: O-54
func (s *Server) RebuildKeyspaceGraphPartial(ctx *sim.Context, keyspace string, cells []string) error {
	return s.rebuild(ctx, keyspace, cells, true)
}

func (s *Server) rebuild(ctx *sim.Context, keyspace string, cells []string, partial bool) (err error) {
	cells, err = s.cellsOrAll(ctx, cells)
	if err != nil {
		return err
	}
	ks, err := s.GetKeyspace(ctx, keyspace)
	if err != nil {
		if IsErrType(err, NoNode) {
			s.deleteLeftovers(ctx, keyspace, cells)
		}
		return err
	}
	ctx, unlock, err := s.LockKeyspace(ctx, keyspace, "RebuildKeyspace")
	if err != nil {
		return err
	}
	defer unlock(&err)
	return s.rebuildLocked(ctx, keyspace, cells, partial && ks.Type == topodata.KeyspaceSnapshot)
}

func (s *Server) deleteLeftovers(ctx *sim.Context, keyspace string, cells []string) {
	for _, cell := range cells {
		if err := s.DeleteSrvKeyspace(ctx, cell, keyspace); err != nil && !IsErrType(err, NoNode) {
			s.env.Logf("warning", "deleting the serving record of %s in cell %s: %v", keyspace, cell, err)
		}
	}
}

func (s *Server) rebuildLocked(ctx *sim.Context, keyspace string, cells []string, partial bool) error {
	shards, err := s.readShards(ctx, keyspace)
	if err != nil {
		return err
	}
	for _, cell := range cells {
		if err := s.refuseMigration(ctx, cell, keyspace); err != nil {
			return err
		}
	}
	srv := servingGraph(shards)
	for _, cell := range cells {
		if err := OrderAndCheckPartitions(cell, srv); err != nil && !partial {
			return err
		}
	}
	err = s.forCells(cells, func(i int) error { return s.UpdateSrvKeyspace(ctx, cells[i], keyspace, srv) })
	if err != nil {
		return fmt.Errorf("writing serving data failed: %w", err)
	}
	return nil
}

// refuseMigration fails if a shard of the present record has its query service disabled.
func (s *Server) refuseMigration(ctx *sim.Context, cell, keyspace string) error {
	srv, err := s.GetSrvKeyspace(ctx, cell, keyspace)
	if IsErrType(err, NoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range srv.Partitions {
		for _, c := range p.ShardTabletControls {
			if c.QueryServiceDisabled {
				return fmt.Errorf("can't rebuild serving keyspace while a migration is on going. TabletControls is set for partition %s", p.ServedType)
			}
		}
	}
	return nil
}

// servingGraph lists the serving shards under each serving type.
func servingGraph(shards []namedShard) *topodata.SrvKeyspace {
	srv := &topodata.SrvKeyspace{}
	for _, t := range []topodata.TabletType{topodata.Primary, topodata.Replica, topodata.RDOnly} {
		p := topodata.Partition{ServedType: t}
		for _, shard := range shards {
			if shard.IsPrimaryServing {
				p.ShardReferences = append(p.ShardReferences, topodata.ShardReference{Name: shard.name, KeyRange: shard.KeyRange})
			}
		}
		srv.Partitions = append(srv.Partitions, p)
	}
	return srv
}
