package gate

import (
	"strings"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// maxTries bounds the tries of a statement and, separately, the runs of a plan.
// spec: G-73, G-74
const maxTries = 3

// execute plans a statement and runs it. Outside a transaction, a statement whose table was
// just moved away is planned again, when the gate has newer routing rules or has waited for
// them long enough. spec: G-74
func (g *Gate) execute(ctx *sim.Context, s *session, id string, stmt query.Statement) (query.Result, error) {
	var last error
	var used int64
	for try := range maxTries {
		if try > 0 {
			g.awaitNewerVSchema(ctx, used)
		}
		p, err := g.plan(ctx, s, stmt)
		if err != nil {
			return query.Result{}, err
		}
		result, err := g.runPlan(ctx, s, id, p)
		if !g.behaviors.MoveTablesReplan || s.inTransaction || !meetsDeniedTables(err) {
			return result, err
		}
		last, used = err, p.vschema.generation
	}
	return query.Result{}, vterr.QueryFailedAfterRetries(stmt.Text(), last)
}

func meetsDeniedTables(err error) bool {
	return err != nil && strings.Contains(vterr.RootCause(err).Error(), vterr.TextDeniedTables)
}

// How long a statement waits for newer routing rules, and how often it looks. spec: G-74, S-28
const (
	vschemaWait = 30 * time.Second
	vschemaPoll = 10 * time.Millisecond
)

func (g *Gate) awaitNewerVSchema(ctx *sim.Context, used int64) {
	wait := vschemaWait
	if g.behaviors.MoveTablesReplanWaitsHalfMax && g.buffer != nil {
		wait = g.buffer.GetConfig().MaxFailoverDuration / 2
	}
	until := g.env.Now().Add(wait)
	for g.vschema.get().generation <= used && g.env.Now() < until {
		if g.env.SleepCtx(ctx, vschemaPoll) != nil {
			return
		}
	}
}

// runPlan runs a plan, and again with newly resolved shards where the buffer found that the
// shard is gone. spec: G-73
func (g *Gate) runPlan(ctx *sim.Context, s *session, id string, p plan) (query.Result, error) {
	for range maxTries {
		result, err := g.runOnce(ctx, s, id, p)
		if !vterr.IsShardMissing(err) {
			return result, err
		}
	}
	return query.Result{}, vterr.UpstreamShardsUnavailable()
}
