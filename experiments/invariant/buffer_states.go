package invariant

import "bufsim/gate/buffer"

// bufferStates is P-6, P-9 and P-18.
func bufferStates() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffer-states",
		Meaning: "The buffer of a shard goes round from idle to buffering to draining to idle, holds requests only while buffering, and does nothing after its shutdown.",
		Rules:   []string{"P-6", "P-9", "P-18"},
		Fail:    failBufferStates,
	}, judgeStates)
}

func failBufferStates(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-6, P-9, P-18
func judgeStates(c *bufferChecker, e *bufferEvent) {
	var needed bufferState
	switch e.Kind {
	case buffer.KindStart:
		needed = bufferIdle
	case buffer.KindStop, buffer.KindBuffered:
		needed = bufferBuffering
	case buffer.KindUnblocked, buffer.KindDrained:
		needed = bufferDraining
	default:
		return
	}
	switch {
	case e.buffer.down:
		c.violate(e.object(), e.now, shown(e.Event), "%s after the shutdown", e.Kind)
	case e.shard.state != needed:
		c.violate(e.object(), e.now, shown(e.shard.started, e.shard.stopped, e.Event), "%s while it is %s", e.Kind, e.shard.state)
	}
}

// bufferDrains is P-15.
func bufferDrains() Invariant {
	return bufferInvariant(Invariant{
		ID:      "drain-concurrency",
		Meaning: "A drain has no more requests under way at once than the drain concurrency allows.",
		Rules:   []string{"P-15"},
		Fail:    failBufferDrains,
	}, judgeDrains)
}

func failBufferDrains(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-15
func judgeDrains(c *bufferChecker, e *bufferEvent) {
	if most := min(int64(c.config.BufferDrainConcurrency), e.shard.toDrain); e.Kind == buffer.KindUnblocked && e.shard.unfinished >= most {
		c.violate(e.object(), e.now, shown(e.shard.stopped, e.Event), "%d requests are under way, %d are allowed", e.shard.unfinished+1, most)
	}
}

// bufferBalance is P-7.
func bufferBalance() Invariant {
	return bufferInvariant(Invariant{
		ID:      "drain-takes-all",
		Meaning: "A drain gives free every request that was in the queue when buffering stopped, and no others.",
		Rules:   []string{"P-7"},
		Fail:    failBufferBalance,
	}, judgeBalance)
}

func failBufferBalance(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-7
func judgeBalance(c *bufferChecker, e *bufferEvent) {
	switch {
	case e.Kind == buffer.KindStop && e.Number("dry_run") == 0 && e.Number("queued") != e.shard.queued:
		c.violate(e.object(), e.now, shown(e.shard.started, e.Event), "%d requests are in the queue, %d were held and did not leave", e.Number("queued"), e.shard.queued)
	case e.Kind == buffer.KindDrained && e.shard.drained != e.shard.toDrain:
		c.violate(e.object(), e.now, shown(e.shard.stopped, e.Event), "%d of %d requests were given free", e.shard.drained, e.shard.toDrain)
	}
}
