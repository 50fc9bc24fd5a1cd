package buffer

import "bufsim/gate/metrics"

// Reasons of the label "reason".
// spec: B-44, M-3, buffer 9
const (
	stopNewPrimary  = "NewPrimarySeen"
	stopResharding  = "ReshardingComplete"
	stopMoveTables  = "MoveTablesSwitchedTraffic"
	stopMaxDuration = "MaxDurationExceeded"
	stopShutdown    = "Shutdown"
	stopMarkFailed  = "MarkNotServingFailed"

	evictedFull    = "BufferFull"
	evictedContext = "ContextDone"
	evictedWindow  = "WindowExceeded"

	skippedFull              = "BufferFull"
	skippedDisabled          = "Disabled"
	skippedFailoverTooRecent = "LastFailoverTooRecent"
	skippedReparentTooRecent = "LastReparentTooRecent"
	skippedShutdown          = "Shutdown"
)

// families are the metrics of a buffer.
// spec: buffer 9
type families struct {
	starts, stops, failoverDurationSum    *metrics.Vector
	utilizationSum, utilizationDryRunSum  *metrics.Vector
	buffered, bufferedDryRun, drained     *metrics.Vector
	evicted, skipped                      *metrics.Vector
	size                                  *metrics.Vector
	lastFailoverDuration                  *metrics.Vector
	lastInFlightMax, lastRequestsInDryRun *metrics.Vector
}

func registerFamilies(reg *metrics.Registry) *families {
	shard := []string{"keyspace", "shard_name"}
	reason := []string{"keyspace", "shard_name", "reason"}
	counter := func(name, help string, labels []string) *metrics.Vector {
		return reg.Register(metrics.Family{Name: "vtgate_buffer_" + name, Help: help, Type: metrics.Counter, Labels: labels})
	}
	gauge := func(name, help string, labels []string) *metrics.Vector {
		return reg.Register(metrics.Family{Name: "vtgate_buffer_" + name, Help: help, Type: metrics.Gauge, Labels: labels})
	}
	return &families{
		starts:               counter("starts", "Failovers in which buffering started, dry runs included.", shard),
		stops:                counter("stops", "Ends of buffering, by reason.", reason),
		failoverDurationSum:  counter("failover_duration_sum_ms", "Length of the last buffering in milliseconds; 0 while it lasts.", shard),
		utilizationSum:       gauge("utilization_sum", "Sum over all failovers of the highest use of the buffer in percent.", shard),
		utilizationDryRunSum: counter("utilization_dry_run_sum", "Sum over all dry-run failovers of the requests seen in percent of the buffer.", shard),
		buffered:             counter("requests_buffered", "Requests that were held.", shard),
		bufferedDryRun:       counter("requests_buffered_dry_run", "Requests that a dry run would have held.", shard),
		drained:              counter("requests_drained", "Held requests that were released by the end of a failover.", shard),
		evicted:              counter("requests_evicted", "Held requests that left before the end of the failover, by reason.", reason),
		skipped:              counter("requests_skipped", "Requests that were not held, by reason.", reason),
		size:                 gauge("size", "Configured number of slots.", nil),
		lastFailoverDuration: gauge("last_failover_duration_ms", "Length of the last buffering in milliseconds.", shard),
		lastInFlightMax:      gauge("last_requests_in_flight_max", "Most requests in the queue during the last failover.", shard),
		lastRequestsInDryRun: gauge("last_requests_dry_run_max", "Requests seen during the last dry-run failover.", shard),
	}
}

// shardStats are the series of one shard.
type shardStats struct {
	families        *families
	keyspace, shard string
	// dotted is set if the names contain a dot.
	dotted bool

	starts, failoverDurationSum          *metrics.Series
	utilizationSum, utilizationDryRunSum *metrics.Series
	buffered, bufferedDryRun, drained    *metrics.Series
	evicted, skipped                     map[string]*metrics.Series
	// These appear with the first start or stop.
	lastInFlightMax, lastDryRunMax, lastDuration *metrics.Series
}

// forShard makes the series that a shard has from its creation on, with value 0.
// spec: B-73
func (f *families) forShard(keyspace, shard string) *shardStats {
	s := &shardStats{
		families: f, keyspace: keyspace, shard: shard, dotted: hasDot(keyspace, shard),
		starts:               f.starts.With(keyspace, shard),
		failoverDurationSum:  f.failoverDurationSum.With(keyspace, shard),
		utilizationSum:       f.utilizationSum.With(keyspace, shard),
		utilizationDryRunSum: f.utilizationDryRunSum.With(keyspace, shard),
		buffered:             f.buffered.With(keyspace, shard),
		bufferedDryRun:       f.bufferedDryRun.With(keyspace, shard),
		drained:              f.drained.With(keyspace, shard),
		evicted:              map[string]*metrics.Series{},
		skipped:              map[string]*metrics.Series{},
	}
	for _, reason := range []string{stopResharding, stopNewPrimary, stopMaxDuration, stopShutdown} {
		s.stops(reason)
	}
	for _, reason := range []string{evictedFull, evictedContext, evictedWindow} {
		s.evicted[reason] = f.evicted.With(keyspace, shard, reason)
	}
	for _, reason := range []string{
		skippedFull, skippedDisabled, skippedFailoverTooRecent, skippedReparentTooRecent, skippedShutdown,
	} {
		s.skipped[reason] = f.skipped.With(keyspace, shard, reason)
	}
	return s
}

func (s *shardStats) stops(reason string) *metrics.Series {
	return s.families.stops.With(s.keyspace, s.shard, reason)
}

func (s *shardStats) inFlightMax() *metrics.Series {
	return s.lazy(&s.lastInFlightMax, s.families.lastInFlightMax)
}

func (s *shardStats) dryRunMax() *metrics.Series {
	return s.lazy(&s.lastDryRunMax, s.families.lastRequestsInDryRun)
}

func (s *shardStats) lastFailoverDuration() *metrics.Series {
	return s.lazy(&s.lastDuration, s.families.lastFailoverDuration)
}

// lazy makes a series at its first use. The shard lock is held.
func (s *shardStats) lazy(series **metrics.Series, family *metrics.Vector) *metrics.Series {
	if *series == nil {
		*series = family.With(s.keyspace, s.shard)
	}
	return *series
}

// knownInFlightMax and knownDryRunMax read the maxima as Vitess finds them: it looks for the
// names as they are, and so finds nothing under names with a dot.
// spec: B-78
func (s *shardStats) knownInFlightMax() int64 { return s.known(s.inFlightMax()) }

func (s *shardStats) knownDryRunMax() int64 { return s.known(s.dryRunMax()) }

func (s *shardStats) known(series *metrics.Series) int64 {
	if s.dotted {
		return 0
	}
	return series.Value()
}
