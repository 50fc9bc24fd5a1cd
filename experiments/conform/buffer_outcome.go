package conform

import (
	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
)

// BufferOutcome is what came of a schedule.
type BufferOutcome struct {
	Requests           []RequestOutcome         `json:"requests"`
	Order              map[string][]int         `json:"order"`
	Probes             []Probe                  `json:"probes"`
	ShutdownReturnedAt []Seconds                `json:"shutdown_returned_at"`
	SlotsInUseAtEnd    int                      `json:"slots_in_use_at_end"`
	StatesAtEnd        map[string]ShardState    `json:"states_at_end"`
	MetricsAtEnd       map[string]BufferMetrics `json:"metrics_at_end"`
}

// RequestOutcome is what came of one request.
type RequestOutcome struct {
	Req           int      `json:"req"`
	At            Seconds  `json:"at"`
	Result        string   `json:"result"`
	ErrorCode     string   `json:"error_code"`
	Error         string   `json:"error"`
	RetryDoneFunc bool     `json:"retry_done_func"`
	RetryEnd      *Seconds `json:"retry_end"`
}

// Probe is a look into the buffer.
type Probe struct {
	At         Seconds                  `json:"at"`
	SlotsInUse int                      `json:"slots_in_use"`
	Shards     map[string]ShardState    `json:"shards"`
	Metrics    map[string]BufferMetrics `json:"metrics"`
}

// ShardState is the state of a shard and the length of its queue.
type ShardState struct {
	State string `json:"state"`
	Queue int    `json:"queue"`
}

// BufferMetrics are the counters and gauges of one shard.
type BufferMetrics struct {
	Starts                  int64            `json:"starts"`
	Stops                   map[string]int64 `json:"stops"`
	Buffered                int64            `json:"buffered"`
	BufferedDryRun          int64            `json:"buffered_dry_run"`
	Drained                 int64            `json:"drained"`
	Evicted                 map[string]int64 `json:"evicted"`
	Skipped                 map[string]int64 `json:"skipped"`
	FailoverDurationSumMs   int64            `json:"failover_duration_sum_ms"`
	LastFailoverDurationMs  int64            `json:"last_failover_duration_ms"`
	UtilizationSum          int64            `json:"utilization_sum"`
	UtilizationDryRunSum    int64            `json:"utilization_dry_run_sum"`
	LastRequestsInFlightMax int64            `json:"last_requests_in_flight_max"`
	LastRequestsDryRunMax   int64            `json:"last_requests_dry_run_max"`
}

// look takes a probe of a buffer and its metrics.
func look(b *buffer.Buffer, reg *metrics.Registry) Probe {
	status := b.Status()
	p := Probe{SlotsInUse: status.SlotsInUse, Shards: map[string]ShardState{}, Metrics: map[string]BufferMetrics{}}
	for _, s := range status.Shards {
		p.Shards[s.Keyspace+"/"+s.Shard] = ShardState{s.State.String(), s.Queued}
	}
	for _, sample := range reg.Snapshot().Samples() {
		if sample.Value == 0 || len(sample.Labels) == 0 {
			continue
		}
		name := sample.Label("keyspace") + "/" + sample.Label("shard_name")
		m := p.Metrics[name]
		m.set(sample)
		p.Metrics[name] = m
	}
	return p
}

// set stores one series under the name that vectors have for it.
func (m *BufferMetrics) set(s metrics.Sample) {
	byReason := func(of *map[string]int64) {
		if *of == nil {
			*of = map[string]int64{}
		}
		(*of)[s.Label("reason")] = s.Value
	}
	plain := map[string]*int64{
		"vtgate_buffer_starts":                      &m.Starts,
		"vtgate_buffer_requests_buffered":           &m.Buffered,
		"vtgate_buffer_requests_buffered_dry_run":   &m.BufferedDryRun,
		"vtgate_buffer_requests_drained":            &m.Drained,
		"vtgate_buffer_failover_duration_sum_ms":    &m.FailoverDurationSumMs,
		"vtgate_buffer_last_failover_duration_ms":   &m.LastFailoverDurationMs,
		"vtgate_buffer_utilization_sum":             &m.UtilizationSum,
		"vtgate_buffer_utilization_dry_run_sum":     &m.UtilizationDryRunSum,
		"vtgate_buffer_last_requests_in_flight_max": &m.LastRequestsInFlightMax,
		"vtgate_buffer_last_requests_dry_run_max":   &m.LastRequestsDryRunMax,
	}
	switch s.Name {
	case "vtgate_buffer_stops":
		byReason(&m.Stops)
	case "vtgate_buffer_requests_evicted":
		byReason(&m.Evicted)
	case "vtgate_buffer_requests_skipped":
		byReason(&m.Skipped)
	default:
		*plain[s.Name] = s.Value
	}
}
