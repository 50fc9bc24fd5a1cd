package mysqld

import "bufsim/model/query"

// Change is what one statement did to a table.
type Change struct {
	Verb  query.Verb
	Table string
	Key   int64
	Value int64
	Rows  int64
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
	rows   map[int64]Row
}

// Row gives the row with a key, and whether it was ever written.
func (t *Table) Row(key int64) (Row, bool) {
	r, ok := t.rows[key]
	return r, ok
}

// apply makes one change. A key of zero is a row that nobody looks up (auto-increment).
func (t *Table) apply(c Change) {
	t.Writes++
	if c.Key == 0 {
		if c.Verb == query.VerbInsert || c.Verb == query.VerbReplace {
			t.Count += max(c.Rows, 1)
		}
		return
	}
	if t.rows == nil {
		t.rows = map[int64]Row{}
	}
	row, known := t.rows[c.Key]
	exists := known && !row.Deleted
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
		if c.Table == "" {
			continue
		}
		t := ts[c.Table]
		if t == nil {
			t = &Table{}
			ts[c.Table] = t
		}
		t.apply(c)
	}
}
