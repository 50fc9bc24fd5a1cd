package topo

import (
	"fmt"
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// CreateCellsAlias adds an alias of cells, none of which may be in another one;
// NodeExists if there is one of that name. spec: O-15
func (s *Server) CreateCellsAlias(ctx *sim.Context, alias string, rec *topodata.CellsAlias) error {
	if err := topodata.ValidateName(alias); err != nil {
		return err
	}
	if err := s.checkOverlap(ctx, alias, rec); err != nil {
		return err
	}
	_, err := s.global.Create(ctx, cellsAliasPath(alias), encode(rec))
	s.forgetAliases()
	return err
}

// UpdateCellsAlias changes an alias by read-modify-write. spec: O-15, O-19
func (s *Server) UpdateCellsAlias(ctx *sim.Context, alias string, update func(*topodata.CellsAlias) error) error {
	_, err := updateRecord(ctx, s.global, cellsAliasPath(alias), func(rec *topodata.CellsAlias) error {
		if err := update(rec); err != nil {
			return err
		}
		return s.checkOverlap(ctx, alias, rec)
	})
	s.forgetAliases()
	return err
}

// DeleteCellsAlias deletes an alias; NoNode if there is none. spec: O-15
func (s *Server) DeleteCellsAlias(ctx *sim.Context, alias string) error {
	err := s.global.Delete(ctx, cellsAliasPath(alias), AnyVersion)
	s.forgetAliases()
	return err
}

// GetCellsAlias reads an alias; NoNode if there is none.
func (s *Server) GetCellsAlias(ctx *sim.Context, alias string) (*topodata.CellsAlias, error) {
	rec, _, err := getRecord[topodata.CellsAlias](ctx, s.global, cellsAliasPath(alias))
	return rec, err
}

// GetCellsAliasNames lists the aliases, sorted; none is no error.
func (s *Server) GetCellsAliasNames(ctx *sim.Context) ([]string, error) {
	return names(s.global.ListDir(ctx, cellsAliasesDir, false))
}

// GetAliasByCell gives the alias that a cell is in; a cell that is in none, or whose
// alias cannot be read, is its own. What was found once is remembered until this process
// changes an alias: the changes of others are not seen. spec: O-15
func (s *Server) GetAliasByCell(ctx *sim.Context, cell string) string {
	s.mu.Lock()
	alias, ok := s.aliases[cell]
	s.mu.Unlock()
	if ok {
		return alias
	}
	alias, err := s.findAlias(ctx, cell, "")
	if err != nil || alias == "" {
		return cell
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliases[cell] = alias
	return alias
}

func (s *Server) forgetAliases() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.aliases)
}

// checkOverlap refuses cells that are in another alias. spec: O-15
func (s *Server) checkOverlap(ctx *sim.Context, alias string, rec *topodata.CellsAlias) error {
	for _, cell := range rec.Cells {
		other, err := s.findAlias(ctx, cell, alias)
		if err != nil {
			return err
		}
		if other != "" {
			return fmt.Errorf("cells alias %v is not valid: cell set overlaps with existing alias %v", alias, other)
		}
	}
	return nil
}

// findAlias gives the alias that a cell is in, "" if there is none but except.
func (s *Server) findAlias(ctx *sim.Context, cell, except string) (string, error) {
	list, err := s.GetCellsAliasNames(ctx)
	if err != nil {
		return "", err
	}
	for _, name := range list {
		rec, err := s.GetCellsAlias(ctx, name)
		if IsErrType(err, NoNode) {
			continue // deleted since the listing
		}
		if err != nil {
			return "", err
		}
		if name != except && slices.Contains(rec.Cells, cell) {
			return name, nil
		}
	}
	return "", nil
}
