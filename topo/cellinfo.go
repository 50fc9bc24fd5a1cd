package topo

import (
	"errors"
	"fmt"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// errNoCellRoot refuses a cell without a root. spec: O-45
var errNoCellRoot = errors.New("CellInfo.Root must be non-empty")

// CreateCellInfo adds a cell; NodeExists if there is one of that name. spec: O-45
func (s *Server) CreateCellInfo(ctx *sim.Context, cell string, info *topodata.CellInfo) error {
	if err := topodata.ValidateName(cell); err != nil {
		return err
	}
	if info.Root == "" {
		return errNoCellRoot
	}
	_, err := s.global.Create(ctx, cellInfoPath(cell), encode(info))
	return err
}

// GetCellInfo reads where a cell's topology is.
func (s *Server) GetCellInfo(ctx *sim.Context, cell string) (*topodata.CellInfo, error) {
	info, _, err := getRecord[topodata.CellInfo](ctx, s.global, cellInfoPath(cell))
	return info, err
}

// UpdateCellInfo changes a cell's record by read-modify-write. Connections notice
// at their next use. spec: O-14, O-19
func (s *Server) UpdateCellInfo(ctx *sim.Context, cell string, update func(*topodata.CellInfo) error) (*topodata.CellInfo, error) {
	return updateRecord(ctx, s.global, cellInfoPath(cell), update)
}

// GetCellNames lists the cells, sorted; none is no error.
func (s *Server) GetCellNames(ctx *sim.Context) ([]string, error) {
	return names(s.global.ListDir(ctx, cellsDir, false))
}

// DeleteCellInfo deletes a cell's record; NoNode if there is none. Unless forced it
// refuses while keyspaces are served in the cell. spec: O-17
func (s *Server) DeleteCellInfo(ctx *sim.Context, cell string, force bool) error {
	served, err := s.GetSrvKeyspaceNames(ctx, cell)
	switch {
	case force:
	case err != nil:
		return err
	case len(served) > 0:
		//lint:ignore ST1005 the text is that of Vitess's programs
		return fmt.Errorf("cell %v has serving keyspaces. Before deleting, delete keyspace with DeleteKeyspace, or use -force to continue anyway.", cell)
	}
	return s.global.Delete(ctx, cellInfoPath(cell), AnyVersion)
}

// cellsOrAll gives cells, or all known cells if there are none. spec: O-16
func (s *Server) cellsOrAll(ctx *sim.Context, cells []string) ([]string, error) {
	if len(cells) > 0 {
		return cells, nil
	}
	return s.GetCellNames(ctx)
}

// names gives the names of a directory listing; a missing directory has none.
func names(entries []DirEntry, err error) ([]string, error) {
	if IsErrType(err, NoNode) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Name
	}
	return list, nil
}
