package spec

import (
	"slices"
	"strings"
)

// admit puts a request into the queue; whether its context has ended is not looked at.
// spec: B-20..B-25
func (b *Buffer) admit(i int) []Effect {
	sh := b.shardOfRequest(i)
	switch {
	case b.free > 0:
		b.free--
	case len(sh.queue) == 0:
		sh.counters.Skipped[SkippedFull]++
		return b.returns(i, BufferFull)
	default: // the head's slot passes to the new request
		head := sh.queue[0]
		b.evict(sh, head, EvictedFull, Evicted)
		sh.onlyWaits = append(sh.onlyWaits, head)
	}
	b.requests[i].phase = requestHeld
	b.requests[i].window = b.now + b.rules.config.Window
	sh.queue = append(sh.queue, i)
	if n := int64(len(sh.queue)); b.known(i, sh.counters.LastRequestsInFlightMax) < n {
		sh.counters.LastRequestsInFlightMax = n
	}
	sh.counters.Buffered++
	if len(sh.queue) == 1 {
		sh.thread.pending = true
		sh.thread.given++
	}
	return nil
}

// known is a maximum as the original looks it up: not at all under a name with a dot.
// spec: B-78
func (b *Buffer) known(i int, most int64) int64 {
	if strings.Contains(b.rules.schedule.Requests[i].Shard, ".") {
		return 0
	}
	return most
}

// evict takes a request out of the queue and unblocks it.
// spec: C-5
func (b *Buffer) evict(sh *shard, i int, reason EvictReason, given Result) {
	sh.queue = slices.DeleteFunc(sh.queue, func(other int) bool { return other == i })
	sh.counters.Evicted[reason]++
	b.requests[i].given = given
}

// wake returns from the wait of a request that was unblocked.
// spec: buffer 5.5
func (b *Buffer) wake(i int) []Effect { return b.returns(i, b.requests[i].given) }

// leave takes a request out whose context ended; if it is no longer queued, nothing changes.
// spec: B-27, B-29
func (b *Buffer) leave(i int) {
	sh := b.shardOfRequest(i)
	if !slices.Contains(sh.queue, i) {
		return
	}
	b.evict(sh, i, EvictedContext, Retry)
	b.requests[i].finished = true
	if !b.rules.behaviors.CancelLeaksSlot { // spec: buffer 8.2
		sh.slotWaiters = append(sh.slotWaiters, i)
	}
}

// stepHelper ends a task that waited for the scope of request e.Nth.
// spec: B-22, B-28
func (b *Buffer) stepHelper(e Event) {
	sh := &b.shards[e.Of]
	is := func(i int) bool { return i == e.Nth }
	if e.Kind == SlotFreed {
		b.free++
		sh.slotWaiters = slices.DeleteFunc(sh.slotWaiters, is)
		return
	}
	sh.onlyWaits = slices.DeleteFunc(sh.onlyWaits, is)
}
