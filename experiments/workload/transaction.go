package workload

import (
	"bufsim/model/query"
	"bufsim/sim"
)

// Transaction is what a client of transactions does in each round: BEGIN, INSERTs, COMMIT.
type Transaction struct {
	// Inserts is the number of INSERT statements.
	Inserts int
	// Think is the pause before each statement after BEGIN.
	Think sim.Dist
}

// transaction runs one transaction. Its first error ends it: what follows is not sent. A
// connection that is kept is rolled back, which ends a broken transaction for the gate, too.
func (k *closedClient) transaction() error {
	for i, stmt := range k.steps() {
		if i > 0 {
			k.env.Sleep(k.Transaction.Think.Draw(k.rand))
		}
		kind := k.Kind
		if kind == "" && stmt.Verb.IsWrite() {
			kind = KindTransactionWrite
		}
		if err := k.single(stmt, kind); err != nil {
			if k.conn != nil {
				_, rolledBack := k.conn.Query(query.Statement{Verb: query.VerbRollback})
				k.j.executed(nil, rolledBack)
			}
			return err
		}
	}
	return nil
}

// steps are the statements of one transaction.
func (k *closedClient) steps() []query.Statement {
	steps := []query.Statement{{Verb: query.VerbBegin}}
	for range k.Transaction.Inserts {
		steps = append(steps, k.stmts.insert())
	}
	return append(steps, query.Statement{Verb: query.VerbCommit})
}
