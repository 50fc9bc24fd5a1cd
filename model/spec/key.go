package spec

import (
	"encoding/binary"
)

// key is a text that is equal for equal states of one schedule.
func (b *Buffer) key() string {
	k := encoder{}
	k.put(int64(b.now), int64(b.free), flag(b.stopped), int64(b.probed))
	for i := range b.shards {
		k.shard(&b.shards[i])
	}
	for i := range b.requests {
		k.request(&b.requests[i])
	}
	for _, phase := range b.signals {
		k.put(int64(phase))
	}
	k.put(int64(b.consumer.signal), int64(b.consumer.record), flag(b.consumer.arrived))
	for _, s := range b.shutdowns {
		k.put(int64(s.phase), int64(s.todo), int64(s.at), int64(s.returned))
	}
	return string(k.bytes)
}

type encoder struct{ bytes []byte }

func (k *encoder) put(numbers ...int64) {
	for _, n := range numbers {
		k.bytes = binary.AppendVarint(k.bytes, n)
	}
}

func (k *encoder) list(numbers []int) {
	k.put(int64(len(numbers)))
	for _, n := range numbers {
		k.put(int64(n))
	}
}

func (k *encoder) instant(i instant) { k.put(flag(i.set), int64(i.at)) }

func (k *encoder) shard(sh *shard) {
	k.put(flag(sh.exists), int64(sh.mode), int64(sh.state), int64(sh.holder), int64(sh.lastStart), sh.term, int64(sh.generation))
	k.instant(sh.lastEnd)
	k.instant(sh.lastReparent)
	k.put(int64(len(sh.primary)))
	k.bytes = append(k.bytes, sh.primary...)
	k.list(sh.queue)
	k.list(sh.slotWaiters)
	k.list(sh.onlyWaits)
	c := &sh.counters
	k.put(c.Starts, c.Buffered, c.BufferedDryRun, c.Drained)
	k.put(c.Stops[:]...)
	k.put(c.Evicted[:]...)
	k.put(c.Skipped[:]...)
	k.put(c.FailoverDurationSumMs, c.LastFailoverDurationMs, c.UtilizationSum, c.UtilizationDryRunSum, c.LastRequestsInFlightMax, c.LastRequestsDryRunMax)
	t := &sh.thread
	k.put(int64(t.phase), int64(t.head), int64(t.maxAt), flag(t.stopAsked), flag(t.pending), int64(t.given), int64(t.seen))
	d := &sh.drain
	k.put(int64(d.phase), flag(d.missing), int64(d.next))
	k.list(d.entries)
	for _, w := range d.workers {
		k.put(int64(w.entry), flag(w.unblocked))
	}
}

func (k *encoder) request(r *request) {
	k.put(int64(r.phase), int64(r.outcome.Result), int64(r.outcome.At), int64(r.outcome.RetryEnd), int64(r.until), int64(r.deadline), int64(r.window))
	k.put(int64(r.given), int64(r.contextEnded), flag(r.finished), int64(r.generation))
	k.instant(r.previousEnd)
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}
