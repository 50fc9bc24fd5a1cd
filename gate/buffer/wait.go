package buffer

import (
	"bufsim/model/vterr"
	"bufsim/sim"
)

// wait holds an admitted request, without any lock, until it is unblocked or its context ends.
// If both have happened it takes either answer.
// spec: B-26..B-31, C-10
func (sb *shardBuffer) wait(e *entry) (RetryDone, error) {
	if sb.env.Select(sim.OnEvent(e.unblocked), sim.OnDone(e.ctx)) == 0 {
		return e.endScope, e.err
	}
	sb.leave(e)
	return nil, vterr.BufferContextDone(e.ctx.Err())
}
