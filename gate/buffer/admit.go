package buffer

import (
	"bufsim/model/vterr"
	"bufsim/sim"
)

// admit puts a request into the queue. Without a free slot the oldest request of this shard
// makes room; if this shard has none, the newcomer is refused. Whether ctx has ended already
// is not looked at. The lock is held.
// spec: B-20..B-25
func (sb *shardBuffer) admit(ctx *sim.Context) (*entry, error) {
	if !sb.buffer.slots.tryTake() {
		head := sb.queue.head
		if head == nil {
			sb.skip(skippedFull)
			return nil, vterr.ErrBufferFull
		}
		sb.evictForNewer(head) // its slot goes over to the newcomer
	}
	e := newEntry(sb.env, ctx, sb.env.Now().Add(sb.buffer.cfg.Window))
	e.id = sb.buffer.entries.Add(1)
	sb.queue.push(e)
	if length := int64(sb.queue.len); sb.stats.knownInFlightMax() < length {
		sb.stats.inFlightMax().Set(length)
	}
	sb.stats.buffered.Add(1)
	if sb.queue.len == 1 {
		sb.thread.notify()
	}
	if sb.env.Tracing() {
		sb.traceBuffered(e)
	}
	return e, nil
}

// evictForNewer sacrifices the oldest request without waiting for it.
// spec: B-22
func (sb *shardBuffer) evictForNewer(head *entry) {
	sb.evict(head, evictedFull, vterr.ErrBufferEvicted)
	sb.waitOnly(head)
}

// evictByWindow gives the head free because it was held for its full window, unless it is the
// head no more.
// spec: B-36
func (sb *shardBuffer) evictByWindow(head *entry) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.queue == nil || sb.queue.head != head {
		return
	}
	sb.evict(head, evictedWindow, nil)
	sb.releaseLater(head)
}

// leave takes a request out of the queue whose context ended; if it is no longer in the queue,
// nothing changes.
// spec: B-27, B-29
func (sb *shardBuffer) leave(e *entry) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.queue == nil || e.queue != sb.queue {
		return
	}
	sb.evict(e, evictedContext, nil)
	e.endScope()
	if !sb.buffer.behaviors.CancelLeaksSlot {
		sb.releaseLater(e)
	}
}

// evict takes a queued entry out and gives it free. The lock is held.
// spec: C-5
func (sb *shardBuffer) evict(e *entry, reason string, err error) {
	sb.queue.remove(e)
	e.unblock(err)
	sb.stats.evicted[reason].Add(1)
	if sb.env.Tracing() {
		sb.traceEvicted(e, reason)
	}
}

// oldest gives the head of the queue, or nil.
func (sb *shardBuffer) oldest() *entry {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if sb.queue == nil {
		return nil
	}
	return sb.queue.head
}

// countDryRun is all that happens to a request in dry run. The lock is held.
// spec: B-61
func (sb *shardBuffer) countDryRun() {
	sb.stats.dryRunMax().Add(1)
	sb.stats.bufferedDryRun.Add(1)
}
