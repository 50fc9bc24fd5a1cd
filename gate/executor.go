package gate

import (
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// execution is one statement of a session on its way to the shards.
type execution struct {
	g       *Gate
	session *session
	id      string
	stmt    query.Statement
	// inTransaction: each shard must be in the transaction.
	inTransaction bool
}

// runOnce resolves the shards of a plan and runs it there. A write on several shards outside a
// transaction gets one of its own. spec: G-14
func (g *Gate) runOnce(ctx *sim.Context, s *session, id string, p plan) (query.Result, error) {
	targets, err := g.resolve(ctx, p)
	if err != nil {
		return query.Result{}, err
	}
	x := &execution{g: g, session: s, id: id, stmt: p.stmt, inTransaction: s.inTransaction && p.stmt.Verb != query.VerbDDL}
	if s.inTransaction || len(targets) == 1 || !p.stmt.Verb.IsWrite() || p.stmt.Verb == query.VerbDDL {
		return x.scatter(ctx, targets)
	}
	x.inTransaction = true
	result, err := x.scatter(ctx, targets)
	if err != nil {
		_ = g.rollbackShards(ctx, s, id) // the statement's own error is what counts
		return query.Result{}, err
	}
	return result, g.commitShards(ctx, s, id)
}

// scatter runs the statement on all shards at once and merges what comes back.
// spec: G-72
func (x *execution) scatter(ctx *sim.Context, targets []query.Target) (query.Result, error) {
	if len(targets) == 1 {
		return x.onShard(ctx, targets[0])
	}
	results, errs := make([]query.Result, len(targets)), make([]error, len(targets))
	group := x.g.env.NewWaitGroup("scatter")
	for i, target := range targets {
		group.Go("shard-"+target.Shard, func() { results[i], errs[i] = x.onShard(ctx, target) })
	}
	group.Wait()
	var sum query.Result
	for _, r := range results {
		sum.RowsAffected += r.RowsAffected
		sum.RowsReturned += r.RowsReturned
		if r.Value != 0 {
			sum.Value = r.Value
		}
		if r.GTID != "" {
			sum.GTID = r.GTID
		}
	}
	return sum, vterr.Aggregate(errs)
}
