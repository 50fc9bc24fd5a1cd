package spec

import "strings"

// stop goes from BUFFERING to DRAINING; in any other state it does nothing.
// spec: B-42, B-43
func (b *Buffer) stop(sh *shard, reason StopReason) {
	if sh.state != Buffering {
		return
	}
	sh.lastEnd = instant{b.now, true}
	ms := (b.now - sh.lastStart).Milliseconds()
	sh.counters.Stops[reason]++
	sh.counters.LastFailoverDurationMs = ms
	sh.counters.FailoverDurationSumMs += ms
	b.countUtilization(sh)
	sh.state = Draining
	sh.drain = drain{phase: drainAsks, entries: sh.queue, missing: reason == ReshardingComplete}
	sh.queue = nil
}

// countUtilization truncates a product of IEEE doubles.
// spec: B-78
func (b *Buffer) countUtilization(sh *shard) {
	percent := func(most int64) int64 {
		if strings.Contains(b.nameOf(sh), ".") {
			most = 0
		}
		return int64(float64(most) / float64(b.rules.config.Size) * 100.0) // float: so does the original
	}
	if sh.mode == DryRun {
		sh.counters.UtilizationDryRunSum += percent(sh.counters.LastRequestsDryRunMax)
		return
	}
	sh.counters.UtilizationSum += percent(sh.counters.LastRequestsInFlightMax)
}

func (b *Buffer) nameOf(sh *shard) string {
	for i := range b.shards {
		if sh == &b.shards[i] {
			return b.rules.names[i]
		}
	}
	return ""
}

// stepThread takes a step of the timeout thread.
// spec: B-33..B-39
func (b *Buffer) stepThread(sh *shard, e Event) {
	t := &sh.thread
	switch e.Kind {
	case ThreadLooks:
		t.head, t.phase = nobody, threadWaits
		if len(sh.queue) > 0 {
			t.head = sh.queue[0]
		} else if !b.rules.behaviors.TimeoutNoticeRemembered {
			t.phase = threadFetches
		}
	case ThreadFetches: // a notice given before this is lost
		t.seen, t.phase = t.given, threadWaits
	case ThreadSeesMax:
		t.phase = threadStops
	case ThreadSeesStop:
		t.phase = threadEnded
	case ThreadSeesUnblocked:
		t.phase = threadLooks
	case ThreadSeesNotice:
		t.phase, t.pending = threadLooks, false
	case ThreadSeesDeadline:
		t.phase = threadEvicts
	case ThreadStops:
		b.stop(sh, MaxDurationExceeded)
		t.phase = threadEnded
	case ThreadEvicts:
		if len(sh.queue) > 0 && sh.queue[0] == t.head { // spec: B-36
			b.evict(sh, t.head, EvictedWindow, Retry)
			sh.slotWaiters = append(sh.slotWaiters, t.head)
		}
		t.phase = threadLooks
	}
}

// stepDrain takes a step of the drain task or of one of its workers.
// spec: B-45..B-49
func (b *Buffer) stepDrain(sh *shard, e Event) {
	d := &sh.drain
	switch e.Kind {
	case DrainAsks:
		sh.thread.stopAsked = true
		d.phase = drainAwaits
	case DrainBegins:
		d.phase = drainWorks
		k := 1
		if b.rules.behaviors.DrainConcurrencyHonoured {
			k = b.rules.config.DrainConcurrency
		}
		for range min(k, len(d.entries)) {
			d.workers = append(d.workers, worker{entry: nobody})
		}
	case WorkerTakes:
		d.workers[e.Nth] = worker{entry: d.entries[d.next]}
		d.next++
	case WorkerUnblocks:
		w := &d.workers[e.Nth]
		w.unblocked = true
		b.requests[w.entry].given = Retry
		if d.missing {
			b.requests[w.entry].given = ShardMissing
		}
	case WorkerReleases:
		b.free++
		d.workers[e.Nth] = worker{entry: nobody}
	case DrainCounts:
		sh.counters.Drained += int64(len(d.entries))
		d.phase = drainCounted
	case DrainEnds:
		sh.state, sh.thread, sh.drain = Idle, thread{}, drain{}
	}
}
