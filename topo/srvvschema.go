package topo

import (
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// GetSrvVSchema reads a cell's routing record; NoNode if there is none.
func (s *Server) GetSrvVSchema(ctx *sim.Context, cell string) (*topodata.SrvVSchema, error) {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return nil, err
	}
	rec, _, err := getRecord[topodata.SrvVSchema](ctx, conn, srvVSchemaPath)
	return rec, err
}

// UpdateSrvVSchema stores a cell's routing record whatever was there before. spec: O-20
func (s *Server) UpdateSrvVSchema(ctx *sim.Context, cell string, srv *topodata.SrvVSchema) error {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return err
	}
	_, err = conn.Update(ctx, srvVSchemaPath, encode(srv), AnyVersion)
	return err
}

// RebuildSrvVSchema puts the routing records of the cells (none: all) together
// from the keyspaces and the rules, and writes them blindly, the cells in
// parallel. A failing cell does not stop the others; the last error is returned.
// No lock is taken: two rebuilds at a time can leave the cells different.
// spec: O-56
func (s *Server) RebuildSrvVSchema(ctx *sim.Context, cells []string) error {
	cells, err := s.cellsOrAll(ctx, cells)
	if err != nil {
		return err
	}
	srv, err := s.readSrvVSchema(ctx)
	if err != nil {
		return err
	}
	return s.forCells(cells, func(i int) error { return s.UpdateSrvVSchema(ctx, cells[i], srv) })
}

func (s *Server) readSrvVSchema(ctx *sim.Context) (*topodata.SrvVSchema, error) {
	keyspaces, err := s.GetKeyspaces(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(keyspaces)
	srv := &topodata.SrvVSchema{Keyspaces: keyspaces}
	if srv.RoutingRules, err = s.GetRoutingRules(ctx); err != nil {
		return nil, err
	}
	if srv.ShardRoutingRules, err = s.GetShardRoutingRules(ctx); err != nil {
		return nil, err
	}
	if srv.KeyspaceRoutingRules, err = s.GetKeyspaceRoutingRules(ctx); err != nil {
		return nil, err
	}
	srv.MirrorRules, err = s.GetMirrorRules(ctx)
	return srv, err
}
