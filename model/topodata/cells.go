package topodata

import "slices"

// CellInfo is the global record that tells where a cell's topology server is.
// spec: O-45
type CellInfo struct {
	ServerAddress string
	Root          string
}

// Clone gives a copy; the record holds nothing that could be shared.
func (c CellInfo) Clone() CellInfo { return c }

// CellsAlias is the global record of cells that stand for each other: a gate takes
// replicas of any of them for local ones. A cell is in at most one alias.
// spec: O-15
type CellsAlias struct {
	Cells []string
}

// Clone gives a deep copy.
func (a CellsAlias) Clone() CellsAlias { return CellsAlias{Cells: slices.Clone(a.Cells)} }

// InCellList reports whether a cell is in a list; every cell is in an empty one.
// spec: O-16
func InCellList(cell string, list []string) bool {
	return len(list) == 0 || slices.Contains(list, cell)
}
