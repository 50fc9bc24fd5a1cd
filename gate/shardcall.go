package gate

import (
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// onShard runs the statement on one shard, in the session's transaction and on its reserved
// connection as far as there are any. What the session holds on a tablet ties it to that
// tablet; everything else goes through the gateway, which may hold it. spec: G-14, G-60
func (x *execution) onShard(ctx *sim.Context, target query.Target) (query.Result, error) {
	resp, err := x.call(ctx, x.session.bound(target))
	if err != nil {
		x.g.counts.callError(target, err)
	}
	return resp.Result, err
}

func (x *execution) call(ctx *sim.Context, ss shardSession) (*query.ExecuteResponse, error) {
	if ss.alias.IsZero() {
		return x.throughGateway(ctx, ss.target)
	}
	tablet, err := x.g.gateway.ByAlias(ss.alias)
	if err != nil {
		if ss.transactionID == 0 {
			x.session.drop(ss.target)
			return x.throughGateway(ctx, ss.target) // spec: G-65
		}
		return &query.ExecuteResponse{}, x.g.tabletGone(err)
	}
	method := x.method(ss)
	resp, err := tablet.Execute(ctx, method, x.request(ss))
	x.session.record(ss.target, resp)
	if err != nil && ss.transactionID == 0 && resp.TransactionID == 0 {
		return x.reserveAgain(ctx, ss, tablet, resp, err)
	}
	return resp, err
}

// throughGateway is a call for a shard on which the session holds nothing.
func (x *execution) throughGateway(ctx *sim.Context, target query.Target) (*query.ExecuteResponse, error) {
	ss := shardSession{target: target}
	resp, err := x.g.gateway.Execute(ctx, x.method(ss), x.request(ss))
	x.session.record(target, resp)
	return resp, err
}

// method says what must be opened for the statement.
func (x *execution) method(ss shardSession) string {
	begin, reserve := x.inTransaction && ss.transactionID == 0, x.session.reserved && ss.reservedID == 0
	switch {
	case begin && reserve:
		return query.MethodReserveBeginExecute
	case begin:
		return query.MethodBeginExecute
	case reserve:
		return query.MethodReserveExecute
	default:
		return query.MethodExecute
	}
}

func (x *execution) request(ss shardSession) *query.ExecuteRequest {
	return &query.ExecuteRequest{
		Target: ss.target, Statement: x.stmt, TransactionID: ss.transactionID, ReservedID: ss.reservedID,
		Settings: x.session.settings, CallerID: x.session.user, RequestID: x.id,
	}
}

// tabletGone is the error for a tablet of a transaction that the health check has dropped.
// spec: G-61, G-62
func (g *Gate) tabletGone(err error) error {
	if g.behaviors.TransactionErrorWrapping {
		return vterr.FatalTransaction(err)
	}
	return err
}

// reserveAgain decides what becomes of a statement that failed on a reserved connection
// outside a transaction: a lost connection is reserved anew on the same tablet; a tablet that
// cannot serve is left for the gateway, and so for the buffer. spec: G-65
func (x *execution) reserveAgain(ctx *sim.Context, ss shardSession, tablet gateway.Bound, resp *query.ExecuteResponse, err error) (*query.ExecuteResponse, error) {
	switch {
	case lostConnection(err):
		x.session.drop(ss.target)
		fresh := shardSession{target: ss.target}
		resp, err := tablet.Execute(ctx, x.method(fresh), x.request(fresh))
		x.session.record(ss.target, resp)
		return resp, err
	case tabletUnfit(ss.target, err):
		x.session.drop(ss.target)
		return x.throughGateway(ctx, ss.target)
	default:
		return resp, err
	}
}
