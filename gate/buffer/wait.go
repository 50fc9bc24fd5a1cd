package buffer

import "bufsim/model/vterr"

// wait holds an admitted request, without any lock, until it is unblocked or its context ends.
// spec: B-26..B-30, C-10
func (sb *shardBuffer) wait(e *entry) (RetryDone, error) {
	if e.waitForRelease(sb.env) {
		return e.endScope, e.err
	}
	sb.leave(e)
	return nil, vterr.BufferContextDone(e.ctx.Err())
}
