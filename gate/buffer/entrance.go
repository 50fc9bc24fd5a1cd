package buffer

import (
	"bufsim/model/flags"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// WaitForFailoverEnd is called by the gateway before each try of an eligible request; cause is
// the error of the try before, or nil. It returns at once, or holds the request until its
// turn for a retry comes, it is evicted, or ctx ends:
//
//	nil, nil        go on as if there were no buffer
//	retryDone, nil  the request was held: retry it and call retryDone when the retry is over
//	nil, error      give up: no slot, or the context ended
//	retryDone, err  give up, too, and call retryDone: evicted for a newer request, or the
//	                shard is gone after a resharding
//
// A nil watcher skips the mark of a shard as not serving.
// spec: buffer 5.1, 5.2, 5.5
func (b *Buffer) WaitForFailoverEnd(ctx *sim.Context, keyspace, shard string, watcher KeyspaceEventWatcher, cause error) (RetryDone, error) {
	if cause != nil && !b.classify(cause) {
		return nil, nil // spec: B-4
	}
	if b.stopped.Load() {
		b.stats.skipped.With(keyspace, shard, skippedShutdown).Add(1) // spec: B-9
		b.traceSkipped(keyspace, shard, skippedShutdown)
		return nil, nil
	}
	sb := b.shardBuffer(keyspace, shard)
	if sb.mode == flags.BufferDisabled {
		sb.skip(skippedDisabled) // spec: B-11
		return nil, nil
	}
	// The look without the lock keeps requests of healthy shards off the lock. spec: B-13
	if !mayHold(sb.state.Load(), cause) {
		return nil, nil
	}
	sb.mu.Lock()
	e, err := sb.enter(ctx, watcher, cause)
	sb.mu.Unlock()
	if e == nil {
		return nil, err
	}
	return sb.wait(e)
}

// classify says whether the cause is a failover, and logs it.
// spec: B-5, B-69
func (b *Buffer) classify(cause error) bool {
	failover := CausedByFailover(cause, b.behaviors)
	if b.env.Tracing() {
		b.env.Logf("debug", "Checking error (type: %s) if it is caused by a failover. err: %s", vterr.TypeName(cause), vterr.Verbose(cause))
		// The line came with the classification of denied tables.
		if failover && b.behaviors.ClassifyDeniedTables {
			b.env.Logf("info", "CausedByFailover signalling failover for reason: %s", FailoverReason(cause, b.behaviors))
		}
	}
	return failover
}

// mayHold is the decision matrix: IDLE holds what shows a failover, BUFFERING holds
// everything, DRAINING nothing. The cause, if any, is known to be a failover.
// spec: buffer 5.2
func mayHold(state State, cause error) bool {
	switch state {
	case Buffering:
		return true
	case Idle:
		return cause != nil
	default:
		return false
	}
}

// enter is the step under the lock: it starts buffering if need be and admits the request.
// A nil entry without an error lets the request pass. The lock is held at entry and return.
// spec: C-1
func (sb *shardBuffer) enter(ctx *sim.Context, watcher KeyspaceEventWatcher, cause error) (*entry, error) {
	if sb.buffer.behaviors.StoppedRecheck && sb.buffer.stopped.Load() {
		return nil, nil // spec: B-14
	}
	state := sb.state.Load()
	if !mayHold(state, cause) {
		return nil, nil // spec: B-13
	}
	if state == Idle && (sb.tooRecent(cause) || !sb.start(watcher, cause)) {
		return nil, nil
	}
	if sb.dryRun() {
		sb.countDryRun()
		return nil, nil
	}
	return sb.admit(ctx)
}

func (sb *shardBuffer) skip(reason string) {
	sb.stats.skipped[reason].Add(1)
	sb.buffer.traceSkipped(sb.keyspace, sb.shard, reason)
}
