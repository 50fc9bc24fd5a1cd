package buffer

import (
	"fmt"
	"strings"
	"time"

	"bufsim/model/vterr"
)

// stopForMaxDuration ends a failover that takes too long.
// spec: B-38
func (sb *shardBuffer) stopForMaxDuration() {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	sb.stop(stopMaxDuration, fmt.Sprintf("stopping buffering because failover did not finish in time (%v)", sb.buffer.cfg.MaxFailoverDuration))
}

// stop goes from BUFFERING to DRAINING; in any other state it does nothing. The queue is cut
// off in the same step, so nobody but the drain can give its requests free any more. The lock
// is held.
// spec: B-42, B-43
func (sb *shardBuffer) stop(reason, details string) {
	if sb.state.Load() != Buffering {
		return
	}
	sb.lastEnd = at(sb.env.Now())
	took := sb.lastEnd.at.Sub(sb.lastStart)
	sb.stats.stops(reason).Add(1)
	sb.stats.lastFailoverDuration().Set(took.Milliseconds())
	sb.stats.failoverDurationSum.Add(took.Milliseconds())
	sb.countUtilization()
	sb.state.Store(Draining)
	cut := sb.queue
	sb.queue = nil
	if sb.env.Tracing() {
		sb.logStop(took, details, cut.len)
		sb.traceStop(reason, took, cut.len)
	}
	var err error
	if reason == stopResharding {
		err = vterr.ErrShardMissing
	}
	sb.helpers.Add(1)
	thread := sb.thread
	sb.env.Go(sb.names.drain, func() { sb.drain(cut, thread, err) })
}

func (sb *shardBuffer) logStop(took time.Duration, details string, held int) {
	sb.env.Logf("info", "%v for shard: %s after: %.1f seconds due to: %v. Draining %d buffered requests now.",
		sb.wording("Stopping buffering", "Dry-run: Would have stopped buffering"),
		sb.name(), took.Seconds(), details, held)
}

// countUtilization adds how full the buffer was at most, in percent. The product is truncated
// from floating point, as Vitess does it: 29 of 100 give 28.
// spec: B-78
func (sb *shardBuffer) countUtilization() {
	most, sum := sb.stats.knownInFlightMax(), sb.stats.utilizationSum
	if sb.dryRun() {
		most, sum = sb.stats.knownDryRunMax(), sb.stats.utilizationDryRunSum
	}
	// float: the rule demands a truncated IEEE double, evaluated left to right.
	sum.Add(int64(float64(most) / float64(sb.buffer.cfg.Size) * 100.0))
}

// hasDot reports whether Vitess looks up the maximum of a shard under a name that its own
// replacement of dots has changed.
// spec: B-78
func hasDot(keyspace, shard string) bool {
	return strings.Contains(keyspace, ".") || strings.Contains(shard, ".")
}
