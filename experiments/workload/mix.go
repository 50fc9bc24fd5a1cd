package workload

import (
	"bufsim/model/query"
	"bufsim/sim"
)

// Mix are the weights of the kinds of statements.
type Mix struct {
	Insert, Select, Update, Delete int
	// Rows is the number of rows that all clients of the group share, for checkers of what
	// clients see of each other: statements go to any of them, and every write leaves a value
	// that no other write has. 0 gives each client rows of its own.
	Rows int
}

// statements draws statements of a mix for one client.
type statements struct {
	mix   Mix
	rand  *sim.Rand
	base  int64 // keys of this client start here
	count int64
	// fixed is the only statement, if there is one.
	fixed *query.Statement
}

// table is the one table that generic clients use.
const table = "t1"

func newStatements(mix Mix, rand *sim.Rand, client int) *statements {
	return &statements{mix: mix, rand: rand, base: int64(client) << 32}
}

// insert makes a new row.
func (s *statements) insert() query.Statement {
	s.count++
	return query.Statement{Verb: query.VerbInsert, Table: table, Key: s.base | s.count, Value: s.count}
}

func (s *statements) next() query.Statement {
	if s.fixed != nil {
		return *s.fixed
	}
	s.count++
	stmt := query.Statement{Table: table, Key: s.base | s.count, Value: s.count}
	n := s.rand.Intn(max(1, s.mix.Insert+s.mix.Select+s.mix.Update+s.mix.Delete))
	switch {
	case n < s.mix.Insert:
		stmt.Verb = query.VerbInsert
	case n < s.mix.Insert+s.mix.Select:
		stmt.Verb = query.VerbSelect
	case n < s.mix.Insert+s.mix.Select+s.mix.Update:
		stmt.Verb = query.VerbUpdate
	default:
		stmt.Verb = query.VerbDelete
	}
	if s.mix.Rows > 0 {
		return s.shared(stmt)
	}
	if stmt.Verb != query.VerbInsert { // of a row that this client wrote before
		stmt.Key = s.base | (1 + s.rand.Int64n(s.count))
	}
	return stmt
}

// shared turns a statement to one of the rows that all clients share.
func (s *statements) shared(stmt query.Statement) query.Statement {
	if stmt.Verb == query.VerbInsert { // the row may be there
		stmt.Verb = query.VerbReplace
	}
	stmt.Key, stmt.Value = 1+s.rand.Int64n(int64(s.mix.Rows)), s.base|s.count
	return stmt
}
