package gateslap

import (
	"iter"

	"bufsim/model/query"
)

// Numbers of the load that mysqlslap generates.
const (
	// preloadInserts stand in front of every generated file.
	preloadInserts = 99
	// cycleLength is the number of prepared statements that the load repeats.
	cycleLength = 11
)

// GeneratedTable is the table of the generated statements.
const GeneratedTable = "t1"

// SelectLimit is the LIMIT that gateslap adds to generated selects, just below
// the row limit of a tablet.
//
// spec: W-8, W-9
const SelectLimit = 9990

// Statements yields the verbs of one generated file in order: 99 inserts, then
// the load of the chosen type. Every worker with a generated file runs the
// same sequence. With AlwaysUnique the file is sorted and repeated statements
// are dropped: only the distinct statements of the cycle remain.
//
// spec: W-8, W-71
func (c Config) Statements() iter.Seq[query.Verb] {
	if c.Gateslap.AlwaysUnique {
		return c.uniqueStatements()
	}
	return func(yield func(query.Verb) bool) {
		for range preloadInserts {
			if !yield(query.VerbInsert) {
				return
			}
		}
		for i := range c.MySQLSlap.QueriesPerProcess {
			if !yield(c.MySQLSlap.SQLType.at(i % cycleLength)) {
				return
			}
		}
	}
}

// at is the verb of the statement at a place of the cycle.
func (t SQLType) at(place int) query.Verb {
	switch {
	case t == SQLTypeWrite:
		return query.VerbInsert
	case t == SQLTypeUpdate:
		return query.VerbUpdate
	case t == SQLTypeMixed && place%2 == 0:
		return query.VerbInsert
	default:
		return query.VerbSelect
	}
}

// uniqueStatements yields inserts, then selects, then updates: the order of
// their texts. All generated selects are one text.
func (c Config) uniqueStatements() iter.Seq[query.Verb] {
	count := map[query.Verb]int{query.VerbInsert: preloadInserts}
	if n := c.MySQLSlap.UniqueWriteNumber; n > 0 {
		count[query.VerbInsert] = min(n, preloadInserts)
	}
	for place := range min(cycleLength, c.MySQLSlap.QueriesPerProcess) {
		verb := c.MySQLSlap.SQLType.at(place)
		count[verb]++
		if verb == query.VerbSelect {
			count[verb] = 1
		}
	}
	return func(yield func(query.Verb) bool) {
		for _, verb := range []query.Verb{query.VerbInsert, query.VerbSelect, query.VerbUpdate} {
			for range count[verb] {
				if !yield(verb) {
					return
				}
			}
		}
	}
}
