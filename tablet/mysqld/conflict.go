package mysqld

import (
	"fmt"

	"bufsim/model/query"
)

// rowConflict stops the applier: a replicated change does not fit to the rows that are here,
// because this server has a transaction that its source lacks, or lacks one that it has.
// spec: T-126, R-102a
type rowConflict struct {
	event, table, what string
	errno              int
	handler            string
}

// Error gives MySQL's words.
func (e *rowConflict) Error() string {
	return fmt.Sprintf("Could not execute %s event on table %s; %s, Error_code: %d; handler error %s", e.event, e.table, e.what, e.errno, e.handler)
}

// conflict finds out whether a replicated transaction fits to the rows; nil if it does.
func (ts tables) conflict(changes []Change) error {
	for _, c := range changes {
		t := ts[c.Table]
		switch {
		case t != nil && c.ID != 0 && c.firstID() <= t.LastID:
			return &rowConflict{
				event: "Write_rows", table: c.Table, what: fmt.Sprintf("Duplicate entry '%d' for key '%s.PRIMARY'", c.firstID(), c.Table),
				errno: 1062, handler: "HA_ERR_FOUND_DUPP_KEY",
			}
		case c.found && (t == nil || !t.exists(c.Key)):
			return &rowConflict{
				event: rowsEvent(c.Verb), table: c.Table, what: fmt.Sprintf("Can't find record in '%s'", c.Table),
				errno: 1032, handler: "HA_ERR_KEY_NOT_FOUND",
			}
		}
	}
	return nil
}

// firstID is the auto-increment value of the first row that an INSERT made.
func (c Change) firstID() int64 { return c.ID - max(c.Rows, 1) + 1 }

func rowsEvent(v query.Verb) string {
	if v == query.VerbDelete {
		return "Delete_rows"
	}
	return "Update_rows"
}
