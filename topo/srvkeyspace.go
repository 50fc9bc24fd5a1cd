package topo

import (
	"slices"
	"strings"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// GetSrvKeyspace reads a cell's serving record of a keyspace; NoNode if there is none.
func (s *Server) GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error) {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return nil, err
	}
	rec, _, err := getRecord[topodata.SrvKeyspace](ctx, conn, srvKeyspacePath(keyspace))
	return rec, err
}

// UpdateSrvKeyspace stores a cell's serving record of a keyspace whatever was
// there before. spec: O-20
func (s *Server) UpdateSrvKeyspace(ctx *sim.Context, cell, keyspace string, srv *topodata.SrvKeyspace) error {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return err
	}
	_, err = conn.Update(ctx, srvKeyspacePath(keyspace), encode(srv), AnyVersion)
	return err
}

// DeleteSrvKeyspace deletes a cell's serving record of a keyspace; NoNode if there is none.
func (s *Server) DeleteSrvKeyspace(ctx *sim.Context, cell, keyspace string) error {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return err
	}
	return conn.Delete(ctx, srvKeyspacePath(keyspace), AnyVersion)
}

// GetSrvKeyspaceNames lists the keyspaces that have a serving record in a cell,
// sorted; none is no error.
func (s *Server) GetSrvKeyspaceNames(ctx *sim.Context, cell string) ([]string, error) {
	conn, err := s.ConnForCell(ctx, cell)
	if err != nil {
		return nil, err
	}
	list, err := listFiles(ctx, conn, keyspacesDir, "SrvKeyspace")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, kv := range list {
		if name, ok := strings.CutSuffix(kv.Path, "/SrvKeyspace"); ok {
			found = append(found, strings.TrimPrefix(name, keyspacesDir+"/"))
		}
	}
	slices.Sort(found)
	return found, nil
}
