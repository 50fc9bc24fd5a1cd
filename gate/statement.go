package gate

import (
	"fmt"
	"strings"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// run runs one statement of a session, within the limits of the gate's flags. The limits begin
// before the buffer. spec: G-79a
func (g *Gate) run(ctx *sim.Context, s *session, stmt query.Statement) (query.Result, error) {
	for _, limit := range []time.Duration{
		g.opts.Flags.VTGate.MySQLServerQueryTimeout, time.Duration(g.opts.Flags.VTGate.QueryTimeout) * time.Millisecond,
	} {
		if limit > 0 {
			limited, cancel := g.env.WithTimeout(ctx, limit)
			defer cancel()
			ctx = limited
		}
	}
	id := g.requestID()
	began := g.env.Now()
	g.traceBegin(id, s, stmt)
	g.work()
	result, err := g.dispatch(ctx, s, id, stmt)
	if err != nil {
		g.counts.apiError(s, err)
	}
	g.traceEnd(id, began, result, err)
	return result, err
}

// work takes the time that a statement costs in the gate.
func (g *Gate) work() {
	g.costsMu.Lock()
	cost := g.opts.Timings.Statement.Draw(g.costs)
	g.costsMu.Unlock()
	if cost > 0 {
		g.env.Sleep(cost)
	}
}

// requestID names a statement in traces, here and on the tablets.
func (g *Gate) requestID() string {
	if !g.env.Tracing() {
		return ""
	}
	return fmt.Sprintf("%s/r%d", g.env.HostName(), g.requests.Add(1))
}

// dispatch does what a statement's verb wants.
func (g *Gate) dispatch(ctx *sim.Context, s *session, id string, stmt query.Statement) (query.Result, error) {
	if s.mustRollback && stmt.Verb != query.VerbRollback {
		return query.Result{}, vterr.RollbackRequired() // spec: G-63
	}
	switch stmt.Verb {
	case query.VerbBegin:
		err := g.commit(ctx, s, id)
		s.inTransaction = err == nil // spec: G-15
		return query.Result{}, err
	case query.VerbCommit:
		return query.Result{}, g.commit(ctx, s, id)
	case query.VerbRollback:
		s.mustRollback = false
		return query.Result{}, g.rollback(ctx, s, id)
	case query.VerbSet:
		return query.Result{}, g.set(ctx, s, id, stmt.Text())
	case query.VerbUse:
		db, err := parseDatabase(stmt.Table)
		if err == nil {
			s.database = db
		}
		return query.Result{}, err
	case query.VerbOther:
		if stmt.Table == "" {
			return query.Result{}, nil // answered without a tablet
		}
	case query.VerbDDL:
		if needsReserved(stmt) {
			s.reserved = true
		}
	}
	if !s.autocommit && stmt.Verb != query.VerbDDL {
		s.inTransaction = true // spec: W-30
	}
	result, err := g.execute(ctx, s, id, stmt)
	if err != nil && s.inTransaction && strings.Contains(err.Error(), vterr.TextVT15001) {
		g.abandonTransaction(ctx, s, id)
	}
	return result, err
}

// needsReserved says whether a statement leaves something on its connection that later ones
// need: a temporary table. spec: G-65
func needsReserved(stmt query.Statement) bool {
	return strings.Contains(strings.ToLower(stmt.SQL), "create temporary table")
}
