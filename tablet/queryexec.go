package tablet

import (
	"errors"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// read runs a statement outside of a transaction that writes nothing. Equal ones that run at
// the same time are one.
// spec: T-50a, T-52
func (q *queryService) read(ctx *sim.Context, r *query.ExecuteRequest) (query.Result, error) {
	if !r.Statement.Verb.IsRead() {
		return q.readAlone(ctx, r)
	}
	first, leader := q.shared.join(r.Statement.Text())
	if !leader {
		return q.shared.wait(ctx, first, r.CallerID)
	}
	result, err := q.readAlone(ctx, r)
	q.shared.finish(first, result, err)
	return result, err
}

func (q *queryService) readAlone(ctx *sim.Context, r *query.ExecuteRequest) (query.Result, error) {
	conn, err := q.reads.get(ctx)
	if err != nil {
		return query.Result{}, q.poolError(err, vterr.PoolTimedOut(r.CallerID), r.CallerID)
	}
	defer q.reads.put(conn)
	return q.run(ctx, q.t.sm.lists.stateless, r, conn, false)
}

// autocommit runs a write outside of a transaction, which takes a transaction connection
// for as long: when its time is over, the connection is killed, as in a transaction.
// spec: T-53, T-51
func (q *queryService) autocommit(ctx *sim.Context, r *query.ExecuteRequest) (query.Result, error) {
	c, err := q.tx.autocommit(ctx, r.Options, r.CallerID)
	if err != nil {
		return query.Result{}, err
	}
	if q.tx.isReadOnly() {
		q.tx.pool.release(c, vterr.EndedRollback)
		return query.Result{}, vterr.ReadOnlyTablet()
	}
	result, err := q.runStateful(ctx, r, c.conn, true)
	reason := vterr.EndedCommit
	if err != nil {
		reason = vterr.EndedRollback
	}
	q.tx.pool.release(c, reason)
	return result, err
}

// executeOn runs a statement on an open transaction or reserved connection.
// spec: T-55, G-60
func (q *queryService) executeOn(ctx *sim.Context, r *query.ExecuteRequest, id int64) (query.Result, error) {
	c, err := q.tx.pool.get(id, vterr.InUseForQuery, r.CallerID)
	if err != nil {
		return query.Result{}, err
	}
	defer q.tx.pool.put(c)
	return q.runStateful(ctx, r, c.conn, c.inTransaction)
}

func (q *queryService) runStateful(ctx *sim.Context, r *query.ExecuteRequest, conn *mysqld.Conn, inTransaction bool) (query.Result, error) {
	return q.run(ctx, q.t.sm.lists.stateful, r, conn, inTransaction)
}

// run runs a statement while it stands on a list.
func (q *queryService) run(ctx *sim.Context, list *queryList, r *query.ExecuteRequest, conn *mysqld.Conn, inTransaction bool) (query.Result, error) {
	running, err := list.add(conn)
	if err != nil {
		return query.Result{}, err
	}
	started := q.env.Now()
	result, err := conn.Exec(ctx, r.Statement)
	killed := list.remove(running)
	q.emitCommit(r.RequestID, result.GTID, err)
	if err == nil {
		return result, nil
	}
	return query.Result{}, q.sqlError(failure{
		err: err, ctx: ctx, caller: r.CallerID, sql: r.Statement.Text(), conn: conn, started: started,
		killed: killed, inTransaction: inTransaction,
	})
}

// failure is a call to MySQL that failed.
type failure struct {
	err           error
	ctx           *sim.Context // nil if the call has none
	caller, sql   string
	conn          *mysqld.Conn
	started       sim.Time
	killed        bool // by a query list
	inTransaction bool
}

// sqlError gives a failure the code and the words that clients see. A statement whose
// context ended is killed with its connection; lost connections have MySQL checked.
// spec: T-36, T-51, T-58, T-59, T-60
func (q *queryService) sqlError(f failure) error {
	took := q.env.Now().Sub(f.started)
	switch {
	case errors.Is(f.err, mysqld.ErrReadOnly):
		return vterr.ServerReadOnly("--read-only", f.caller, f.sql)
	case f.ctx != nil && f.ctx.Err() != nil && errors.Is(f.err, f.ctx.Err()):
		if f.inTransaction {
			f.conn.Kill()
		} else {
			f.conn.KillQuery()
		}
		if vterr.CodeOf(f.err) == vterr.DeadlineExceeded {
			return vterr.StatementTimedOut(took, f.conn.ID(), f.inTransaction, f.caller)
		}
		return vterr.StatementCanceled(took, f.conn.ID(), f.inTransaction, f.caller)
	case f.killed && errors.Is(f.err, mysqld.ErrKilled):
		return vterr.StatementKilled(took, f.conn.ID(), f.caller, q.t.behaviors)
	case errors.Is(f.err, mysqld.ErrShutdown):
		q.t.sm.checkMySQL()
		return vterr.MySQLGone(f.err.Error(), f.caller)
	default:
		q.t.sm.checkMySQL()
		return vterr.ConnectionLost(f.caller, f.sql)
	}
}

// poolError words the failure to get a connection; full is the error of a wait that was too
// long.
// spec: T-52, T-142
func (q *queryService) poolError(err error, full error, caller string) error {
	switch {
	case errors.Is(err, errPoolClosed):
		return vterr.PoolClosed(caller)
	case errors.Is(err, mysqld.ErrRefused):
		q.t.sm.checkMySQL()
		return vterr.New(vterr.Unavailable, err.Error())
	default:
		return full
	}
}
