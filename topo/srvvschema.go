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

// GetRoutingRules reads the global routing rules; none is no error.
func (s *Server) GetRoutingRules(ctx *sim.Context) ([]topodata.RoutingRule, error) {
	rec, err := s.getRules(ctx, routingRulesPath)
	return rec.RoutingRules, err
}

// SaveRoutingRules stores the global routing rules whatever was there before; no
// rules delete the record. They reach the gates by RebuildSrvVSchema.
// spec: O-20, O-21
func (s *Server) SaveRoutingRules(ctx *sim.Context, rules []topodata.RoutingRule) error {
	return s.saveRules(ctx, routingRulesPath, len(rules) == 0, &topodata.SrvVSchema{RoutingRules: rules})
}

// GetShardRoutingRules reads the global shard routing rules; none is no error.
func (s *Server) GetShardRoutingRules(ctx *sim.Context) ([]topodata.ShardRoutingRule, error) {
	rec, err := s.getRules(ctx, shardRoutingRulePath)
	return rec.ShardRoutingRules, err
}

// SaveShardRoutingRules is SaveRoutingRules for the shard routing rules.
func (s *Server) SaveShardRoutingRules(ctx *sim.Context, rules []topodata.ShardRoutingRule) error {
	return s.saveRules(ctx, shardRoutingRulePath, len(rules) == 0, &topodata.SrvVSchema{ShardRoutingRules: rules})
}

// A file of rules holds a routing record of which only its own rules are set.
func (s *Server) getRules(ctx *sim.Context, path string) (topodata.SrvVSchema, error) {
	rec, _, err := getRecord[topodata.SrvVSchema](ctx, s.global, path)
	if IsErrType(err, NoNode) {
		return topodata.SrvVSchema{}, nil
	}
	if err != nil {
		return topodata.SrvVSchema{}, err
	}
	return *rec, nil
}

func (s *Server) saveRules(ctx *sim.Context, path string, empty bool, rec *topodata.SrvVSchema) error {
	if !empty {
		_, err := s.global.Update(ctx, path, encode(rec), AnyVersion)
		return err
	}
	if err := s.global.Delete(ctx, path, AnyVersion); err != nil && !IsErrType(err, NoNode) {
		return err
	}
	return nil
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
	srv.ShardRoutingRules, err = s.GetShardRoutingRules(ctx)
	return srv, err
}
