package tablet

import (
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// streams is the part of the query service for streaming (OLAP) queries. It is made when the
// first one comes: most tablets never see one.
type streams struct {
	pool *connPool
	list *queryList
}

// streamExecute runs a streaming query; its result comes at its end. Outside of a transaction
// nothing but its caller's patience bounds it, and it stands on a list of its own: a drain
// kills it as soon as the transactions are over.
// spec: T-30, T-44, T-52
func (q *queryService) streamExecute(ctx *sim.Context, r *query.ExecuteRequest) (*query.ExecuteResponse, error) {
	if r.TransactionID != 0 || r.ReservedID != 0 {
		return q.execute(ctx, r)
	}
	if err := q.prepare(ctx, r); err != nil {
		return nil, err
	}
	s := q.openStreams()
	conn, err := s.pool.get(ctx)
	if err != nil {
		return nil, q.poolError(err, vterr.PoolTimedOut(r.CallerID), r.CallerID)
	}
	defer s.pool.put(conn)
	result, err := q.run(ctx, s.list, r, conn, false)
	if err != nil {
		return nil, err
	}
	return &query.ExecuteResponse{Result: result}, nil
}

// openStreams gives the part for streaming queries, making it if needed.
func (q *queryService) openStreams() *streams {
	sm := q.t.sm
	sm.mu.Lock()
	defer sm.mu.Unlock()
	if q.streams == nil {
		f := q.t.opts.Flags.VTTablet
		q.streams = &streams{
			pool: newConnPool(q.env, q.t.mysql, "streams", f.StreamPoolSize, f.StreamPoolTimeout), list: newQueryList(q.env, "streams"),
		}
		q.streams.list.setAction(sm.lists.stateless.currentAction())
		q.streams.pool.open()
	}
	return q.streams
}

// existingStreams gives it only if it was made.
func (q *queryService) existingStreams() *streams {
	q.t.sm.mu.Lock()
	defer q.t.sm.mu.Unlock()
	return q.streams
}

func (q *queryService) closeStreams() {
	if s := q.existingStreams(); s != nil {
		s.pool.close()
	}
}

// killStreams kills all streaming queries and says how many.
// spec: T-30
func (q *queryService) killStreams() int {
	if s := q.existingStreams(); s != nil {
		return s.list.terminateAll()
	}
	return 0
}
