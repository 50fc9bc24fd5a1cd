package topo

import (
	"slices"
	"strings"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// CreateTablet stores a new tablet record and adds the tablet to its shard's
// replication list; NodeExists if the alias is taken. spec: topo 13
func (s *Server) CreateTablet(ctx *sim.Context, tablet *topodata.Tablet) error {
	conn, err := s.ConnForCell(ctx, tablet.Alias.Cell)
	if err != nil {
		return err
	}
	if _, err := conn.Create(ctx, tabletPath(tablet.Alias), encode(tablet)); err != nil {
		return err
	}
	return s.AddShardReplication(ctx, tablet)
}

// OverwriteTablet stores a tablet record whatever was there before, as a tablet
// does at its start. spec: O-20, O-69
func (s *Server) OverwriteTablet(ctx *sim.Context, tablet *topodata.Tablet) error {
	conn, err := s.ConnForCell(ctx, tablet.Alias.Cell)
	if err != nil {
		return err
	}
	_, err = conn.Update(ctx, tabletPath(tablet.Alias), encode(tablet), AnyVersion)
	return err
}

// GetTablet reads a tablet record; NoNode if there is none.
func (s *Server) GetTablet(ctx *sim.Context, alias topodata.TabletAlias) (*topodata.Tablet, error) {
	conn, err := s.ConnForCell(ctx, alias.Cell)
	if err != nil {
		return nil, err
	}
	rec, _, err := getRecord[topodata.Tablet](ctx, conn, tabletPath(alias))
	return rec, err
}

// UpdateTabletFields changes a tablet record by read-modify-write. If update
// returns NoUpdateNeeded nothing is written, and the result is the record as it
// was. spec: O-19
func (s *Server) UpdateTabletFields(ctx *sim.Context, alias topodata.TabletAlias, update func(*topodata.Tablet) error) (*topodata.Tablet, error) {
	conn, err := s.ConnForCell(ctx, alias.Cell)
	if err != nil {
		return nil, err
	}
	return updateRecord(ctx, conn, tabletPath(alias), update)
}

// DeleteTablet deletes a tablet record and takes the tablet off its shard's
// replication list; NoNode if there is no record.
func (s *Server) DeleteTablet(ctx *sim.Context, alias topodata.TabletAlias) error {
	conn, err := s.ConnForCell(ctx, alias.Cell)
	if err != nil {
		return err
	}
	tablet, _, err := getRecord[topodata.Tablet](ctx, conn, tabletPath(alias))
	if err != nil {
		return err
	}
	if err := conn.Delete(ctx, tabletPath(alias), AnyVersion); err != nil {
		return err
	}
	return s.RemoveShardReplication(ctx, tablet)
}

// GetTabletsByCell reads all tablet records of a cell in one read, sorted by
// alias; none is no error. spec: O-76, D-73
func (s *Server) GetTabletsByCell(ctx *sim.Context, cell string) ([]*topodata.Tablet, error) {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return nil, err
	}
	list, err := listFiles(ctx, conn, tabletsDir, "Tablet")
	if err != nil {
		return nil, err
	}
	tablets := make([]*topodata.Tablet, 0, len(list))
	for _, kv := range list {
		if !strings.HasSuffix(kv.Path, "/Tablet") {
			continue
		}
		tablet, err := decode[topodata.Tablet](kv.Contents)
		if err != nil {
			return nil, err
		}
		tablets = append(tablets, tablet)
	}
	sortTablets(tablets)
	return tablets, nil
}

// GetTabletsByShardCell reads the tablets of a shard in one cell by the shard's
// replication list, sorted by alias; listed tablets without a record are left out.
// spec: D-75
func (s *Server) GetTabletsByShardCell(ctx *sim.Context, keyspace, shard, cell string) ([]*topodata.Tablet, error) {
	replication, err := s.GetShardReplication(ctx, cell, keyspace, shard)
	if IsErrType(err, NoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var tablets []*topodata.Tablet
	for _, alias := range replication.Nodes {
		tablet, err := s.GetTablet(ctx, alias)
		if IsErrType(err, NoNode) {
			continue
		}
		if err != nil {
			return nil, err
		}
		tablets = append(tablets, tablet)
	}
	sortTablets(tablets)
	return tablets, nil
}

// GetTabletMapForShard reads the tablets of a shard in all cells, the cells in
// parallel, sorted by alias. If some cells cannot be read the result holds the
// others' tablets and the error is a PartialResult. spec: R-15
func (s *Server) GetTabletMapForShard(ctx *sim.Context, keyspace, shard string) ([]*topodata.Tablet, error) {
	cells, err := s.GetCellNames(ctx)
	if err != nil {
		return nil, err
	}
	found := make([][]*topodata.Tablet, len(cells))
	err = s.forCells(cells, func(i int) error {
		tablets, err := s.GetTabletsByShardCell(ctx, keyspace, shard, cells[i])
		found[i] = tablets
		return err
	})
	tablets := slices.Concat(found...)
	sortTablets(tablets)
	if err != nil {
		s.env.Logf("warning", "reading the tablets of %s/%s: %v", keyspace, shard, err)
		return tablets, NewError(PartialResult, shardPath(keyspace, shard))
	}
	return tablets, nil
}

// forCells runs do for each index of cells in parallel and returns the error of
// the last cell that failed.
func (s *Server) forCells(cells []string, do func(i int) error) error {
	errs := make([]error, len(cells))
	group := s.env.NewWaitGroup("cells")
	for i, cell := range cells {
		group.Go(cell, func() { errs[i] = do(i) })
	}
	group.Wait()
	for i := len(errs) - 1; i >= 0; i-- {
		if errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}

func sortTablets(tablets []*topodata.Tablet) {
	slices.SortFunc(tablets, func(a, b *topodata.Tablet) int { return a.Alias.Compare(b.Alias) })
}
