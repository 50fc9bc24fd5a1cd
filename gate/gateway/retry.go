package gateway

import (
	"fmt"
	"slices"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// request is one call on its way through the loop. spec: gateway 4
type request struct {
	id     string
	method string
	target query.Target
	body   any
	// inTransaction keeps the buffer out; retries allows another tablet after a retryable
	// error. spec: gateway 3
	inTransaction, retries bool

	err  error
	resp any
	// done is there once the buffer has held the request. spec: G-22, G-30
	done buffer.RetryDone
	// invalid are the tablets that failed; buffering does not clear it. spec: G-31
	invalid  []topodata.TabletAlias
	attempts int
}

// verdict says how the loop goes on.
type verdict bool

const (
	leave verdict = false
	again verdict = true
)

// withRetry is the gateway wrapper. The answer may be there besides an error.
// spec: G-20..G-34, G-32a, G-69, G-71
func (g *TabletGateway) withRetry(ctx *sim.Context, r *request) (any, error) {
	if err := g.refuse(r); err != nil {
		return nil, err
	}
	g.traceBegin(r)
	defer func() {
		if r.done != nil {
			r.done()
		}
	}()
	for i := 0; i <= g.opts.RetryCount; i++ {
		if g.askBuffer(ctx, r) == leave || g.attempt(ctx, r, i) == leave {
			break
		}
	}
	err := vterr.ForTarget(r.err, r.target.Lower())
	g.traceEnd(r, err)
	return r.resp, err
}

// refuse checks what makes a request impossible from the start. spec: G-20, G-21
func (g *TabletGateway) refuse(r *request) error {
	if r.inTransaction && r.target.TabletType != topodata.Primary {
		return vterr.TransactionOnReplica()
	}
	if allowed := g.opts.AllowedTabletTypes; len(allowed) > 0 && !slices.Contains(allowed, r.target.TabletType) {
		return vterr.TypeNotAllowed(r.target.TabletType.String(), fmt.Sprintf("%+v", allowed))
	}
	return nil
}

// askBuffer lets the buffer hold the request, once in its life. spec: G-12, G-22, G-30
func (g *TabletGateway) askBuffer(ctx *sim.Context, r *request) verdict {
	if g.buffer == nil || r.done != nil || r.inTransaction || r.target.TabletType != topodata.Primary {
		return again
	}
	var watcher buffer.KeyspaceEventWatcher
	if g.watcher != nil {
		watcher = g.watcher
	}
	var err error
	r.done, err = g.buffer.WaitForFailoverEnd(ctx, r.target.Keyspace, r.target.Shard, watcher, r.err)
	if err != nil {
		r.err = vterr.BufferingFailed(err, r.err)
		return leave
	}
	return again
}

// attempt tries one tablet. No time passes but in the call. spec: G-23..G-27, G-29
func (g *TabletGateway) attempt(ctx *sim.Context, r *request, i int) verdict {
	healthy := g.hc.HealthyTablets(r.target)
	if len(healthy) == 0 {
		return g.noTablet(r)
	}
	tablet := g.choose(healthy, r.invalid)
	if tablet == nil {
		if r.err == nil {
			r.err = vterr.NoAvailableConnection(g.opts.Behaviors)
		}
		return leave
	}
	if tablet.Conn == nil {
		r.err = vterr.NoConnectionForTablet(tablet.Alias().String(), g.opts.Behaviors)
		r.invalid = append(r.invalid, tablet.Alias())
		return again
	}
	r.attempts++
	g.traceAttempt(r, i, tablet.Alias())
	started := g.env.Now()
	r.resp, r.err = tablet.Conn.Call(ctx, r.method, r.body)
	g.stats.add(r.target, g.env.Now().Sub(started), r.err)
	if !r.retries || ctx.Err() != nil || !retryable(r.err) {
		return leave
	}
	r.invalid = append(r.invalid, tablet.Alias())
	return again
}

// retryable says whether another tablet may do better. spec: G-13
func retryable(err error) bool {
	switch vterr.CodeOf(err) {
	case vterr.Unavailable, vterr.FailedPrecondition, vterr.ClusterEvent:
		return true
	default:
		return false
	}
}

// noTablet words the error for an empty healthy list. What looks like a failover is tried
// again at once, so that the buffer sees the error. spec: G-24
func (g *TabletGateway) noTablet(r *request) verdict {
	b := g.opts.Behaviors
	if g.watcher != nil && (r.target.TabletType == topodata.Primary || b.WatcherAskedForAllTypes) {
		if g.watcher.TargetIsBeingResharded(r.target) {
			r.err = vterr.BeingResharded()
			return again
		}
		primary, should := g.watcher.ShouldStartBufferingForTarget(r.target)
		if should && b.ReparentText != "" {
			r.err = vterr.PrimaryNotServing(b)
			return again
		}
		if !should && !primary.IsZero() && b.InconsistentStateBranch {
			g.env.Mark("inconsistent-state")
			r.err = vterr.InconsistentState()
			return again
		}
	}
	target := r.target
	target.Cell = ""
	r.err = vterr.NoHealthyTablet(target.String())
	return leave
}

// choose picks one of the tablets that have not failed yet: any of the local cell, or else
// any. spec: G-25, G-51
func (g *TabletGateway) choose(healthy []*discovery.TabletHealth, invalid []topodata.TabletAlias) *discovery.TabletHealth {
	if len(healthy) == 1 && len(invalid) == 0 {
		return healthy[0]
	}
	var local, other []*discovery.TabletHealth
	for _, h := range healthy {
		switch {
		case slices.Contains(invalid, h.Alias()):
		case h.Alias().Cell == g.opts.LocalCell:
			local = append(local, h)
		default:
			other = append(other, h)
		}
	}
	if len(local) == 0 {
		local = other
	}
	switch len(local) {
	case 0:
		return nil
	case 1:
		return local[0]
	default:
		g.randMu.Lock()
		defer g.randMu.Unlock()
		return local[g.rand.Intn(len(local))]
	}
}
