// Package gateway finds a tablet for each call and hides failovers from the caller: it models
// Vitess's TabletGateway and the wrappers around tablet calls.
//
// A call goes through one of two wrappers. With retries ([TabletGateway.Execute]): up to
// retry-count + 1 attempts, each of which first asks the buffer, then takes a healthy tablet
// that this request has not failed on, then calls it. Bound to a tablet ([Bound]): one call,
// no retry, no buffer; for sessions with a transaction or a reserved connection.
//
// One task hands the keyspace events of discovery to the buffer, in order.
//
// Left out: streaming calls, two-phase commit, balancer modes other than `cell`.
//
// Invariants: a request makes at most retry-count + 1 inner calls and no two to one tablet; it
// is held by the buffer at most once; each retry-done function is called exactly once; no time
// passes outside the buffer and the inner calls.
//
//	gw := gateway.New(env, hc, kew, buf, gateway.Options{LocalCell: "zone1", RetryCount: 2})
//	resp, err := gw.Execute(ctx, query.MethodExecute, &query.ExecuteRequest{Target: target, Statement: stmt})
package gateway
