package topodata

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// TabletAlias identifies one tablet: the cell it lives in and a number that is
// unique within that cell. It is comparable; the zero value means "no tablet".
// spec: T-1
type TabletAlias struct {
	Cell string
	UID  uint32
}

// IsZero reports whether the alias names no tablet.
func (a TabletAlias) IsZero() bool { return a == TabletAlias{} }

// String gives the text form: cell, dash, number padded to ten digits, such as
// zone1-0000000100. No tablet prints <nil>.
// spec: T-1, O-5
func (a TabletAlias) String() string {
	if a.IsZero() {
		return "<nil>"
	}
	return fmt.Sprintf("%s-%010d", a.Cell, a.UID)
}

// Compare orders aliases as their text forms are ordered: by cell, then by number.
func (a TabletAlias) Compare(b TabletAlias) int {
	return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.UID, b.UID))
}

// ParseTabletAlias reads the text form with any number of leading zeros. The cell is
// everything before the last dash, so cells may contain dashes themselves.
// spec: O-5
func ParseTabletAlias(text string) (TabletAlias, error) {
	cut := strings.LastIndexByte(text, '-')
	if cut <= 0 || !isAliasCell(text[:cut]) || !isDigits(text[cut+1:]) {
		return TabletAlias{}, fmt.Errorf("invalid tablet alias: '%s', expecting format: '<cell>-<uid>'", text)
	}
	uid, err := strconv.ParseUint(text[cut+1:], 10, 32)
	if err != nil {
		return TabletAlias{}, fmt.Errorf("invalid tablet alias: '%s', uid does not fit into 32 bits", text)
	}
	return TabletAlias{Cell: text[:cut], UID: uint32(uid)}, nil
}

func isAliasCell(cell string) bool {
	for i := range len(cell) {
		if !isNameByte(cell[i]) && cell[i] != '.' {
			return false
		}
	}
	return true
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
