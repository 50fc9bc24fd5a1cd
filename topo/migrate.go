package topo

import (
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// The edits of a traffic switch. All of them check that ctx holds the keyspace's lock
// before they write anything. spec: O-22

// UpdateDeniedTables adds tables to those that tablets of a type deny in a shard, in
// some cells (none: all), or with remove takes them away. spec: O-22, O-47
func (s *Server) UpdateDeniedTables(ctx *sim.Context, keyspace, shard string, t topodata.TabletType, cells []string, remove bool, tables []string) error {
	if err := s.CheckKeyspaceLocked(ctx, keyspace); err != nil {
		return err
	}
	_, err := s.UpdateShardFields(ctx, keyspace, shard, func(rec *topodata.Shard) error {
		i := slices.IndexFunc(rec.TabletControls, func(c topodata.TabletControl) bool { return c.TabletType == t })
		switch {
		case i < 0 && remove:
			return NewError(NoUpdateNeeded, shard)
		case i < 0:
			rec.TabletControls = append(rec.TabletControls, topodata.TabletControl{TabletType: t, Cells: slices.Clone(cells), DeniedTables: slices.Clone(tables)})
			return nil
		}
		c := &rec.TabletControls[i]
		listed := func(table string) bool { return slices.Contains(tables, table) }
		c.DeniedTables = slices.DeleteFunc(c.DeniedTables, listed)
		if !remove {
			c.DeniedTables = append(c.DeniedTables, tables...)
		}
		if len(c.DeniedTables) == 0 {
			rec.TabletControls = slices.Delete(rec.TabletControls, i, i+1)
		}
		return nil
	})
	return err
}

// UpdateDisableQueryService switches the query service of some shards off or on in the
// serving records of the cells (none: all) for a type. spec: O-22, O-52
func (s *Server) UpdateDisableQueryService(ctx *sim.Context, keyspace string, shards []topodata.ShardReference, t topodata.TabletType, cells []string, disable bool) error {
	return s.editPartitions(ctx, keyspace, t, cells, func(p *topodata.Partition) {
		for _, shard := range shards {
			p.ShardTabletControls = slices.DeleteFunc(p.ShardTabletControls, func(c topodata.ShardTabletControl) bool { return c.Name == shard.Name })
			p.ShardTabletControls = append(p.ShardTabletControls, topodata.ShardTabletControl{
				Name: shard.Name, KeyRange: shard.KeyRange, QueryServiceDisabled: disable,
			})
		}
	})
}

// MigrateServedType makes shards serve a type in the cells (none: all) in place of
// others; what then serves must cover the keyspace. spec: O-22, O-55, I-O6
func (s *Server) MigrateServedType(ctx *sim.Context, keyspace string, add, remove []topodata.ShardReference, t topodata.TabletType, cells []string) error {
	return s.editPartitions(ctx, keyspace, t, cells, func(p *topodata.Partition) {
		in := func(list []topodata.ShardReference) func(topodata.ShardReference) bool {
			return func(r topodata.ShardReference) bool {
				return slices.ContainsFunc(list, func(x topodata.ShardReference) bool { return x.Name == r.Name })
			}
		}
		p.ShardReferences = slices.DeleteFunc(p.ShardReferences, in(remove))
		p.ShardReferences = append(slices.DeleteFunc(p.ShardReferences, in(add)), add...)
	})
}

// editPartitions changes the partition of a type in the serving records of cells,
// which must be complete afterwards. A cell without a record is left out. The records
// are written blindly: the lock is what protects them. spec: O-20, O-22
func (s *Server) editPartitions(ctx *sim.Context, keyspace string, t topodata.TabletType, cells []string, edit func(*topodata.Partition)) error {
	if err := s.CheckKeyspaceLocked(ctx, keyspace); err != nil {
		return err
	}
	cells, err := s.cellsOrAll(ctx, cells)
	if err != nil {
		return err
	}
	return s.forCells(cells, func(i int) error {
		srv, err := s.GetSrvKeyspace(ctx, cells[i], keyspace)
		if IsErrType(err, NoNode) {
			return nil
		}
		if err != nil {
			return err
		}
		at := slices.IndexFunc(srv.Partitions, func(p topodata.Partition) bool { return p.ServedType == t })
		if at < 0 {
			srv.Partitions, at = append(srv.Partitions, topodata.Partition{ServedType: t}), len(srv.Partitions)
		}
		edit(&srv.Partitions[at])
		if err := OrderAndCheckPartitions(cells[i], srv); err != nil {
			return err
		}
		return s.UpdateSrvKeyspace(ctx, cells[i], keyspace, srv)
	})
}
