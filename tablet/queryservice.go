package tablet

import (
	"time"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// queryService answers the gate's calls.
type queryService struct {
	t      *Tablet
	env    *sim.Env
	tx     *txEngine
	reads  *connPool
	rules  *queryRules
	shared *consolidator
	denied *deniedTables
	// streams is guarded by the state's lock; nil until the first streaming query comes.
	streams *streams
}

func newQueryService(t *Tablet) *queryService {
	f, env := t.opts.Flags.VTTablet, t.env.Named("qs")
	q := &queryService{
		t: t, env: env, shared: newConsolidator(env), denied: newDeniedTables(t),
		reads: newConnPool(env, t.mysql, "reads", f.PoolSize, f.QueryPoolTimeout), rules: &queryRules{},
	}
	q.tx = newTxEngine(t)
	return q
}

func (q *queryService) openPools() {
	q.reads.open()
	if s := q.existingStreams(); s != nil {
		s.pool.open()
	}
	q.tx.pool.conns.open()
	q.tx.pool.foundRows.open()
}

func (q *queryService) closePools() {
	q.reads.close()
	q.tx.pool.conns.close()
	q.tx.pool.foundRows.close()
	q.closeStreams()
}

// register puts the query service on the network.
func (q *queryService) register(node *simnet.Node) {
	q.handle(node, query.MethodExecute, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.ExecuteRequest)
		return q.admitted(r.Target, r.TransactionID != 0, func() (any, error) { return q.execute(ctx, r) })
	})
	q.handle(node, query.MethodBegin, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.BeginRequest)
		return q.admitted(r.Target, false, func() (any, error) { return q.begin(ctx, r) })
	})
	q.handle(node, query.MethodBeginExecute, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.ExecuteRequest)
		return q.admitted(r.Target, false, func() (any, error) { return q.beginExecute(ctx, r, false) })
	})
	q.handle(node, query.MethodReserveExecute, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.ExecuteRequest)
		return q.admitted(r.Target, r.TransactionID != 0, func() (any, error) { return q.reserveExecute(ctx, r) })
	})
	q.handle(node, query.MethodReserveBeginExecute, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.ExecuteRequest)
		return q.admitted(r.Target, false, func() (any, error) { return q.beginExecute(ctx, r, true) })
	})
	q.handle(node, query.MethodStreamExecute, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.ExecuteRequest)
		return q.admitted(r.Target, r.TransactionID != 0, func() (any, error) { return q.streamExecute(ctx, r) })
	})
	q.handle(node, query.MethodCommit, func(ctx *sim.Context, req any) (any, error) {
		r := req.(*query.CommitRequest)
		return q.admitted(r.Target, true, func() (any, error) { return q.commit(ctx, r) })
	})
	q.handle(node, query.MethodRollback, func(_ *sim.Context, req any) (any, error) {
		r := req.(*query.CommitRequest)
		return q.admitted(r.Target, true, func() (any, error) { return q.rollback(r) })
	})
	q.handle(node, query.MethodRelease, func(_ *sim.Context, req any) (any, error) {
		r := req.(*query.ReleaseRequest)
		return q.admitted(r.Target, true, func() (any, error) { return q.release(r) })
	})
	node.HandleStream(query.MethodStreamHealth, q.t.sm.health.serve)
}

// handle registers one method. A process that got SIGTERM takes no new calls, also on
// connections that exist.
// spec: T-90, T-91
func (q *queryService) handle(node *simnet.Node, method string, h simnet.Handler) {
	node.Handle(method, func(ctx *sim.Context, req any) (any, error) {
		if q.t.stopping.IsSet() {
			return nil, vterr.DialRefused(q.t.address())
		}
		started := q.env.Now()
		resp, err := h(ctx, req)
		if q.env.Tracing() {
			q.emitQuery(method, req, started, err)
		}
		return resp, err
	})
}

func (q *queryService) emitQuery(method string, req any, started sim.Time, err error) {
	var request string
	var target query.Target
	switch r := req.(type) {
	case *query.ExecuteRequest:
		request, target = r.RequestID, r.Target
	case *query.BeginRequest:
		request, target = r.RequestID, r.Target
	case *query.CommitRequest:
		request, target = r.RequestID, r.Target
	case *query.ReleaseRequest:
		request, target = r.RequestID, r.Target
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	q.env.Emit(KindQuery, trace.Str("request", request), trace.Str("method", method), trace.Str("type", target.TabletType.String()),
		trace.Int("took_ns", int64(q.env.Now().Sub(started))), trace.Str("code", vterr.CodeOf(err).String()), trace.Str("error", text))
}

// emitCommit records what the caller learns of a transaction that is in MySQL's log; gtid is
// empty if there is none.
// spec: T-67
func (q *queryService) emitCommit(request, gtid string, err error) {
	if gtid == "" || !q.env.Tracing() {
		return
	}
	outcome := "ok"
	if err != nil {
		outcome = "unknown"
	}
	q.env.Emit(KindCommit, trace.Str("request", request), trace.Str("gtid", gtid), trace.Str("outcome", outcome))
}

// admitted runs a request between admission and its end.
func (q *queryService) admitted(target query.Target, allowOnShutdown bool, run func() (any, error)) (any, error) {
	if err := q.t.sm.startRequest(target, allowOnShutdown); err != nil {
		return nil, err
	}
	defer q.t.sm.endRequest()
	return run()
}

// bounded limits a request's context by the query timeout, or by what the caller says
// instead.
// spec: T-50
func (q *queryService) bounded(ctx *sim.Context, opts query.ExecuteOptions) (*sim.Context, func()) {
	limit := q.t.opts.Flags.VTTablet.QueryTimeout
	if opts.AuthoritativeTimeout > 0 {
		limit = opts.AuthoritativeTimeout
	}
	if limit <= 0 || opts.DBA {
		return ctx, func() {}
	}
	return q.env.WithTimeout(ctx, limit)
}

// boundedInTransaction limits a statement's context also by its session's transaction
// timeout.
// spec: T-50
func (q *queryService) boundedInTransaction(ctx *sim.Context, opts query.ExecuteOptions) (*sim.Context, func()) {
	limit := q.transactionTimeout(opts)
	if limit <= 0 {
		return ctx, func() {}
	}
	return q.env.WithTimeout(ctx, limit)
}

// transactionTimeout is how long a transaction of a session may live; 0 is without limit.
// spec: T-54
func (q *queryService) transactionTimeout(opts query.ExecuteOptions) time.Duration {
	limit := q.t.opts.Flags.VTTablet.TransactionTimeout
	if opts.OLAP {
		limit = q.t.opts.Flags.VTTablet.OLAPTransactionTimeout
	}
	if opts.DBA {
		limit = 0
	}
	if own := opts.TransactionTimeout; own > 0 && (limit == 0 || own < limit) {
		limit = own
	}
	return limit
}

func (q *queryService) execute(ctx *sim.Context, r *query.ExecuteRequest) (*query.ExecuteResponse, error) {
	ctx, cancel := q.bounded(ctx, r.Options)
	defer cancel()
	if r.TransactionID != 0 {
		ctx, cancel = q.boundedInTransaction(ctx, r.Options)
		defer cancel()
	}
	if err := q.prepare(ctx, r); err != nil {
		return nil, err
	}
	var result query.Result
	var err error
	switch id := max(r.TransactionID, r.ReservedID); {
	case id != 0:
		result, err = q.executeOn(ctx, r, id)
	case r.Statement.Verb.IsWrite():
		result, err = q.autocommit(ctx, r)
	default:
		result, err = q.read(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	return &query.ExecuteResponse{Result: result}, nil
}

// prepare is what comes before a connection is taken: planning costs time, and tables that
// are denied end the request.
func (q *queryService) prepare(ctx *sim.Context, r *query.ExecuteRequest) error {
	if cost := q.t.sm.draw(&q.t.opts.Timings.CPU); cost > 0 && q.env.SleepCtx(ctx, cost) != nil || ctx.Err() != nil {
		return vterr.StatementExpired(r.CallerID)
	}
	if err := q.denied.check(r.Statement, r.CallerID); err != nil {
		return err
	}
	return q.checkRules(ctx, r)
}

// begin opens a transaction.
func (q *queryService) begin(ctx *sim.Context, r *query.BeginRequest) (*query.BeginResponse, error) {
	ctx, cancel := q.bounded(ctx, r.Options)
	defer cancel()
	c, err := q.tx.begin(ctx, r.Options, r.CallerID, "for begin")
	if err != nil {
		return nil, err
	}
	defer q.tx.pool.put(c)
	if err := c.conn.Begin(); err != nil {
		return nil, q.sqlError(failure{err: err, caller: r.CallerID, sql: "begin", conn: c.conn, started: q.env.Now()})
	}
	return &query.BeginResponse{TransactionID: c.id, Alias: q.alias()}, nil
}

// beginExecute opens a transaction, on a reserved connection if asked, and runs its first
// statement. If that fails, the transaction is open all the same.
func (q *queryService) beginExecute(ctx *sim.Context, r *query.ExecuteRequest, reserve bool) (*query.ExecuteResponse, error) {
	ctx, cancel := q.bounded(ctx, r.Options)
	defer cancel()
	c, err := q.connToBegin(ctx, r)
	if err != nil {
		return nil, err
	}
	defer q.tx.pool.put(c)
	c.inTransaction = true
	resp := &query.ExecuteResponse{TransactionID: c.id, Alias: q.alias()}
	if reserve {
		c.reserved = true
	}
	if c.reserved {
		resp.ReservedID = c.id
	}
	if err := c.conn.Begin(); err != nil {
		return resp, q.sqlError(failure{err: err, caller: r.CallerID, sql: "begin", conn: c.conn, started: q.env.Now()})
	}
	if err := q.prepare(ctx, r); err != nil {
		return resp, err
	}
	resp.Result, err = q.runStateful(ctx, r, c.conn, true)
	return resp, err
}

// connToBegin gives a new connection, or the session's reserved one.
func (q *queryService) connToBegin(ctx *sim.Context, r *query.ExecuteRequest) (*txConn, error) {
	if r.ReservedID != 0 {
		return q.tx.pool.get(r.ReservedID, vterr.InUseForQuery, r.CallerID)
	}
	return q.tx.begin(ctx, r.Options, r.CallerID, vterr.InUseForQuery)
}

// reserveExecute reserves a connection, that of the open transaction if there is one, and
// runs a statement on it.
func (q *queryService) reserveExecute(ctx *sim.Context, r *query.ExecuteRequest) (*query.ExecuteResponse, error) {
	ctx, cancel := q.bounded(ctx, r.Options)
	defer cancel()
	var c *txConn
	var err error
	if r.TransactionID != 0 {
		c, err = q.tx.pool.get(r.TransactionID, vterr.InUseForQuery, r.CallerID)
	} else {
		c, err = q.tx.reserve(ctx, r.Options, r.CallerID)
	}
	if err != nil {
		return nil, err
	}
	defer q.tx.pool.put(c)
	c.reserved = true
	resp := &query.ExecuteResponse{ReservedID: c.id, Alias: q.alias()}
	if c.inTransaction {
		resp.TransactionID = c.id
	}
	if err := q.prepare(ctx, r); err != nil {
		return resp, err
	}
	resp.Result, err = q.runStateful(ctx, r, c.conn, c.inTransaction)
	return resp, err
}

// commit commits. It stands on no query list, so no kill reaches it.
// spec: T-35, T-67
func (q *queryService) commit(ctx *sim.Context, r *query.CommitRequest) (*query.CommitResponse, error) {
	ctx, cancel := q.bounded(ctx, query.ExecuteOptions{})
	defer cancel()
	c, err := q.tx.pool.get(r.TransactionID, vterr.EndedCommit, r.CallerID)
	if err != nil {
		return nil, err
	}
	started := q.env.Now()
	gtid, err := c.conn.Commit(ctx)
	q.emitCommit(r.RequestID, gtid, err)
	if err != nil {
		err = q.sqlError(failure{err: err, ctx: ctx, caller: r.CallerID, sql: "commit", conn: c.conn, started: started, inTransaction: true})
		q.tx.pool.release(c, vterr.EndedConnection)
		return nil, err
	}
	return &query.CommitResponse{ReservedID: q.concluded(c, vterr.EndedCommit)}, nil
}

func (q *queryService) rollback(r *query.CommitRequest) (*query.CommitResponse, error) {
	c, err := q.tx.pool.get(r.TransactionID, vterr.EndedRollback, r.CallerID)
	if err != nil {
		return nil, err
	}
	if err := c.conn.Rollback(); err != nil {
		err = q.sqlError(failure{err: err, caller: r.CallerID, sql: "rollback", conn: c.conn, started: q.env.Now()})
		q.tx.pool.release(c, vterr.EndedConnection)
		return nil, err
	}
	return &query.CommitResponse{ReservedID: q.concluded(c, vterr.EndedRollback)}, nil
}

// concluded ends a transaction; a reserved connection lives on under a new number, which
// is returned.
func (q *queryService) concluded(c *txConn, reason string) int64 {
	c.inTransaction = false
	if !c.reserved {
		q.tx.pool.release(c, reason)
		return 0
	}
	c.expires = sim.Never
	id := q.tx.pool.renumber(c, reason)
	q.tx.pool.put(c)
	return id
}

func (q *queryService) release(r *query.ReleaseRequest) (*query.ReleaseResponse, error) {
	c, err := q.tx.pool.get(max(r.TransactionID, r.ReservedID), "for release", r.CallerID)
	if err != nil {
		return nil, err
	}
	q.tx.pool.release(c, vterr.EndedRollback)
	return &query.ReleaseResponse{}, nil
}

func (q *queryService) alias() topodata.TabletAlias { return q.t.opts.Alias }
