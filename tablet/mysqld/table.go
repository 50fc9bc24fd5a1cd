package mysqld

import (
	"slices"

	"bufsim/model/query"
)

// Change is what one statement did to a table.
type Change struct {
	Verb  query.Verb
	Table string
	Key   int64
	Value int64
	Rows  int64
	// ID is the auto-increment value that the source gave to a client's inserted row (the
	// last one, if there were more); zero for rows that bring their own primary key, as those
	// of Vitess's sidecar tables do.
	ID int64
	// autoID says that the source is to give an ID; found that an UPDATE or DELETE found its
	// row there.
	autoID, found bool
}

// Row is what became of one key.
type Row struct {
	// Value is the last value written; Deleted says that the row is gone.
	Value   int64
	Deleted bool
	// Writes counts all writes to the key, whatever they did.
	Writes int32
}

// Table is a table's content: a count, and the rows that were written with a key.
type Table struct {
	// Count is the number of rows, those without a key included.
	Count int64
	// Writes counts all changes.
	Writes int64
	// LastID is the highest auto-increment value in the table.
	LastID int64
	// given is the highest one that was given out, also to commits that still wait.
	given int64
	rows  map[int64]Row
}

// Row gives the row with a key, and whether it was ever written.
func (t *Table) Row(key int64) (Row, bool) {
	r, ok := t.rows[key]
	return r, ok
}

// exists reports whether a row with the key is there.
func (t *Table) exists(key int64) bool {
	r, ok := t.rows[key]
	return ok && !r.Deleted
}

// apply makes one change. A key of zero is a row that nobody looks up.
func (t *Table) apply(c Change) {
	t.Writes++
	t.LastID = max(t.LastID, c.ID)
	if c.Key == 0 {
		if c.Verb == query.VerbInsert || c.Verb == query.VerbReplace {
			t.Count += max(c.Rows, 1)
		}
		return
	}
	if t.rows == nil {
		t.rows = map[int64]Row{}
	}
	row, exists := t.rows[c.Key], t.exists(c.Key)
	row.Writes++
	switch c.Verb {
	case query.VerbDelete:
		if exists {
			t.Count--
		}
		row.Deleted = true
	default:
		if !exists {
			t.Count++
		}
		row.Value, row.Deleted = c.Value, false
	}
	t.rows[c.Key] = row
}

// tables are a server's tables by name.
type tables map[string]*Table

func (ts tables) apply(changes []Change) {
	for _, c := range changes {
		if c.Table != "" {
			ts.named(c.Table).apply(c)
		}
	}
}

// leftBehind reports whether a row is there once pending transactions are committed.
func (ts tables) leftBehind(table string, key int64, before []*pending) bool {
	for _, p := range slices.Backward(before) {
		for _, c := range slices.Backward(p.entry.Changes) {
			if c.Table == table && c.Key == key {
				return c.Verb != query.VerbDelete
			}
		}
	}
	return ts.named(table).exists(key)
}

// named gives a table, making it if needed.
func (ts tables) named(name string) *Table {
	t := ts[name]
	if t == nil {
		t = &Table{}
		ts[name] = t
	}
	return t
}

// number completes the changes of a transaction that is about to be logged: rows get their
// auto-increment values, and whether an UPDATE or DELETE found its row is written down. It
// finds what the transactions before it in the log leave behind: in MySQL it waits for the
// locks of those that are not committed in the engine yet, which are given.
func (ts tables) number(changes []Change, before []*pending) []Change {
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Table == "":
		case c.autoID && c.Verb == query.VerbInsert:
			t := ts.named(c.Table)
			t.given = max(t.given, t.LastID) + max(c.Rows, 1)
			c.ID = t.given
		case c.Verb == query.VerbUpdate || c.Verb == query.VerbDelete:
			c.found = ts.leftBehind(c.Table, c.Key, before)
		}
	}
	return changes
}
