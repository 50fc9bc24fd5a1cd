package buffer

import (
	"time"

	"bufsim/model/vterr"
)

// tooRecent applies the cool-down: after a failover that was buffered, and after a reparent
// that was not.
// spec: B-15, B-16
func (sb *shardBuffer) tooRecent(cause error) bool {
	now, minTime := sb.env.Now(), sb.buffer.cfg.MinTimeBetweenFailovers
	switch {
	case sb.lastEnd.lessThan(minTime, now):
		sb.skip(skippedFailoverTooRecent)
		sb.logTooRecent("last failover which triggered buffering", now.Sub(sb.lastEnd.at), cause)
		return true
	case sb.lastReparent.lessThan(minTime, now):
		sb.skip(skippedReparentTooRecent)
		sb.logTooRecent("last reparent", now.Sub(sb.lastReparent.at), cause)
		return true
	default:
		return false
	}
}

func (sb *shardBuffer) logTooRecent(what string, ago time.Duration, cause error) {
	sb.tooRecentLog.infof("%v for shard: %s because the %s is too recent (%v < %v). (A failover was detected by this seen error: %v.)",
		sb.wording("NOT starting buffering", "Dry-run: Would NOT have started buffering"),
		sb.name(), what, ago, sb.buffer.cfg.MinTimeBetweenFailovers, verbose{cause})
}

// verbose prints an error in Vitess's long form, when and if it is printed.
type verbose struct{ err error }

func (v verbose) String() string { return vterr.Verbose(v.err) }

// start goes from IDLE to BUFFERING and reports whether the request that saw the failover
// is to be admitted. The lock is held at entry and return; only with the switch MarkWindow is
// it given up in between.
// spec: B-17, M-1
func (sb *shardBuffer) start(watcher KeyspaceEventWatcher, cause error) bool {
	mustMark := watcher != nil && sb.buffer.behaviors.MarkShardNotServing
	if mustMark && sb.buffer.behaviors.MarkWindow {
		return sb.startThenMark(watcher, cause)
	}
	if mustMark && !watcher.MarkShardNotServing(sb.keyspace, sb.shard, DueToReparent(cause)) {
		sb.traceRefused()
		return false
	}
	sb.begin(cause)
	return true
}

// startThenMark reserves the failover first and calls the watcher without the lock, so that
// the watcher may wait for the buffer meanwhile.
// spec: M-1..M-6
func (sb *shardBuffer) startThenMark(watcher KeyspaceEventWatcher, cause error) bool {
	previousEnd := sb.lastEnd
	sb.begin(cause)
	mine := sb.generation
	sb.mu.Unlock()
	marked := watcher.MarkShardNotServing(sb.keyspace, sb.shard, DueToReparent(cause))
	sb.mu.Lock()
	if marked {
		// spec: M-4. A failover that began meanwhile will do as well.
		return !sb.buffer.stopped.Load() && sb.state.Load() == Buffering
	}
	sb.traceRefused()
	if sb.generation == mine && sb.state.Load() == Buffering {
		sb.stop(stopMarkFailed, "failed to mark the shard as not serving in the keyspace event watcher")
		sb.lastEnd = previousEnd // spec: M-3: no cool-down follows
	}
	return false
}

// begin makes the effects of a start, in their order.
// spec: B-18
func (sb *shardBuffer) begin(cause error) {
	sb.generation++
	sb.stats.inFlightMax().Set(0)
	sb.stats.dryRunMax().Set(0)
	sb.stats.failoverDurationSum.Set(0)
	sb.lastStart = sb.env.Now()
	sb.state.Store(Buffering)
	sb.queue = &queue{}
	sb.thread = newTimeoutThread(sb)
	sb.thread.start()
	sb.stats.starts.Add(1)
	if sb.env.Tracing() {
		sb.logStart(cause)
		sb.traceStart(cause)
	}
}

func (sb *shardBuffer) logStart(cause error) {
	text := vterr.Verbose(cause)
	if sb.buffer.behaviors.StartLineSanitised {
		text = sanitised(cause.Error())
	}
	cfg := sb.buffer.cfg
	sb.env.Logf("info", "%v for shard: %s (window: %v, size: %v, max failover duration: %v) (A failover was detected by this seen error: %v.)",
		sb.wording("Starting buffering", "Dry-run: Would have started buffering"),
		sb.name(), cfg.Window, cfg.Size, cfg.MaxFailoverDuration, text)
}
