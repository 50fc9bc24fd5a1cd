package gate

import (
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// commit ends the session's transaction, if there is one, by a commit on each shard in turn.
// After the first failure the remaining shards are rolled back. Either way the session is out
// of the transaction. spec: G-60, gateway 2 (--transaction-mode MULTI)
func (g *Gate) commit(ctx *sim.Context, s *session, id string) error {
	s.inTransaction = false
	return g.commitShards(ctx, s, id)
}

func (g *Gate) commitShards(ctx *sim.Context, s *session, id string) error {
	for _, ss := range s.ties() {
		if ss.transactionID == 0 {
			continue
		}
		if err := g.endOnShard(ctx, s, ss, id, gatewayCommit); err != nil {
			s.transactionOver(ss.target, 0)
			_ = g.rollbackShards(ctx, s, id) // the commit's error is what counts
			return err
		}
	}
	return nil
}

// rollback ends the session's transaction by a rollback on all shards.
func (g *Gate) rollback(ctx *sim.Context, s *session, id string) error {
	s.inTransaction = false
	return g.rollbackShards(ctx, s, id)
}

func (g *Gate) rollbackShards(ctx *sim.Context, s *session, id string) error {
	var errs []error
	for _, ss := range s.ties() {
		if ss.transactionID == 0 {
			continue
		}
		err := g.endOnShard(ctx, s, ss, id, gatewayRollback)
		if err != nil {
			s.transactionOver(ss.target, 0)
		}
		errs = append(errs, err)
	}
	return vterr.Aggregate(errs)
}

// ending is one of the two ways to end a transaction.
type ending bool

const (
	gatewayCommit   ending = true
	gatewayRollback ending = false
)

// endOnShard commits or rolls back on the tablet that has the shard's transaction.
func (g *Gate) endOnShard(ctx *sim.Context, s *session, ss shardSession, id string, how ending) error {
	tablet, err := g.gateway.ByAlias(ss.alias)
	if err != nil {
		return g.tabletGone(err)
	}
	req := &query.CommitRequest{Target: ss.target, TransactionID: ss.transactionID, CallerID: s.user, RequestID: id}
	end := tablet.Rollback
	if how == gatewayCommit {
		end = tablet.Commit
	}
	resp, err := end(ctx, req)
	if err != nil {
		g.counts.callError(ss.target, err)
		return err
	}
	s.transactionOver(ss.target, resp.ReservedID)
	return nil
}

// abandonTransaction rolls everything back after a fatal error and blocks the session until
// the client does so, too. spec: G-63
func (g *Gate) abandonTransaction(ctx *sim.Context, s *session, id string) {
	_ = g.rollbackShards(ctx, s, id) // the statement's error has been told
	s.mustRollback = true
	g.env.Mark("transaction-must-be-rolled-back")
}

// endSession rolls back and gives reserved connections back, after the statement that runs.
func (g *Gate) endSession(s *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	ctx := g.env.Background()
	_ = g.rollback(ctx, s, "") // nobody is there to hear of an error
	for _, ss := range s.ties() {
		if tablet, err := g.gateway.ByAlias(ss.alias); err == nil {
			_ = tablet.Release(ctx, &query.ReleaseRequest{Target: ss.target, ReservedID: ss.reservedID, CallerID: s.user})
		}
		s.drop(ss.target)
	}
}
