package gateway

import (
	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Execute runs a statement on any tablet that serves the target: one of the methods Execute,
// BeginExecute, ReserveExecute and ReserveBeginExecute of package query. It blocks, possibly
// in the buffer, until there is an answer, the attempts are used up, or ctx ends. The answer
// may be there besides an error: then something was opened.
// spec: G-10, G-14, G-62, G-64
func (g *TabletGateway) Execute(ctx *sim.Context, method string, req *query.ExecuteRequest) (*query.ExecuteResponse, error) {
	r := &request{id: req.RequestID, method: method, target: req.Target, body: req}
	inTx, reserved := req.TransactionID != 0, req.ReservedID != 0
	switch method {
	case query.MethodExecute:
		r.inTransaction, r.retries = inTx || reserved, !inTx && !reserved
	case query.MethodBeginExecute:
		r.inTransaction, r.retries = reserved, !reserved
	case query.MethodReserveExecute:
		r.inTransaction, r.retries = inTx, !inTx
	default: // ReserveBeginExecute
		r.retries = true
	}
	resp, err := g.withRetry(ctx, r)
	return executed(resp), g.fatal(method, inTx, err)
}

// executed gives the answer of an execute call, empty if there is none.
func executed(resp any) *query.ExecuteResponse {
	if r, ok := resp.(*query.ExecuteResponse); ok && r != nil {
		return r
	}
	return &query.ExecuteResponse{}
}

// fatal re-makes an error that dooms a transaction. Calls that reserve are not looked at.
// spec: G-62
func (g *TabletGateway) fatal(method string, inTx bool, err error) error {
	within := method == query.MethodBeginExecute || method == query.MethodCommit || method == query.MethodRollback ||
		method == query.MethodExecute && inTx
	if g.opts.Behaviors.TransactionErrorWrapping && within && vterr.TransactionFatal(err) {
		return vterr.FatalTransaction(err)
	}
	return err
}

// Bound is a session's tie to one tablet. Its calls are made once, are never held by the
// buffer, and fail with the tablet. spec: G-11
type Bound struct {
	gateway *TabletGateway
	tablet  *discovery.TabletHealth
}

// ByAlias binds to a tablet; it fails if the health check does not know the tablet or has no
// connection to it. spec: D-40
func (g *TabletGateway) ByAlias(alias topodata.TabletAlias) (Bound, error) {
	tablet, err := g.hc.TabletByAlias(alias)
	return Bound{g, tablet}, err
}

// Execute runs a statement; the methods are those of TabletGateway.Execute. spec: G-60, G-65
func (b Bound) Execute(ctx *sim.Context, method string, req *query.ExecuteRequest) (*query.ExecuteResponse, error) {
	resp, err := b.call(ctx, method, req.Target, req, req.TransactionID != 0)
	return executed(resp), err
}

// Commit commits a transaction.
func (b Bound) Commit(ctx *sim.Context, req *query.CommitRequest) (*query.CommitResponse, error) {
	return b.end(ctx, query.MethodCommit, req)
}

// Rollback rolls a transaction back.
func (b Bound) Rollback(ctx *sim.Context, req *query.CommitRequest) (*query.CommitResponse, error) {
	return b.end(ctx, query.MethodRollback, req)
}

func (b Bound) end(ctx *sim.Context, method string, req *query.CommitRequest) (*query.CommitResponse, error) {
	resp, err := b.call(ctx, method, req.Target, req, true)
	if r, ok := resp.(*query.CommitResponse); ok && r != nil {
		return r, err
	}
	return &query.CommitResponse{}, err
}

// Release gives a reserved connection back.
func (b Bound) Release(ctx *sim.Context, req *query.ReleaseRequest) error {
	_, err := b.call(ctx, query.MethodRelease, req.Target, req, false)
	return err
}

func (b Bound) call(ctx *sim.Context, method string, target query.Target, req any, inTx bool) (any, error) {
	g := b.gateway
	started := g.env.Now()
	resp, err := b.tablet.Conn.Call(ctx, method, req)
	g.stats.add(target, g.env.Now().Sub(started), err)
	if g.opts.Behaviors.AliasWrapperPrefix {
		err = vterr.ForTarget(err, target.Lower())
	}
	return resp, g.fatal(method, inTx, err)
}
