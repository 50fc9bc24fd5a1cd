package conform_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/model/spec"
	"bufsim/model/vterr"
)

// The reference model must give the recorded outcomes by itself: it is what the properties of
// the buffer's own tests compare with.

// modelSchedule writes a vector as a schedule of the model.
func modelSchedule(t *testing.T, v conform.BufferVector) (spec.BufferConfig, spec.Schedule) {
	cfg := spec.BufferConfig{
		Enabled: v.Config.Enabled, DryRun: v.Config.DryRun, Size: v.Config.Size,
		Window:                  time.Duration(v.Config.Window),
		MaxFailoverDuration:     time.Duration(v.Config.MaxFailoverDuration),
		MinTimeBetweenFailovers: time.Duration(v.Config.MinTimeBetweenFailovers),
		DrainConcurrency:        v.Config.DrainConcurrency, KeyspaceShards: v.Config.KeyspaceShards,
	}
	s := spec.Schedule{End: time.Duration(v.End)}
	cancels := map[int]time.Duration{}
	for _, step := range v.Steps {
		at := time.Duration(step.At)
		switch step.Op {
		case "request":
			s.Requests = append(s.Requests, modelRequest(t, step))
		case "cancel":
			if _, twice := cancels[step.Req]; !twice {
				cancels[step.Req] = at
			}
		case "keyspace_event":
			sig := spec.Signal{At: at, Switched: step.MoveTablesState == "switched"}
			for _, shard := range step.Shards {
				sig.Records = append(sig.Records, spec.Record{Shard: step.Ks + "/" + shard.Shard, Primary: shard.Primary, Serving: shard.Serving})
			}
			s.Signals = append(s.Signals, sig)
		case "shutdown":
			s.Shutdowns = append(s.Shutdowns, at)
		case "probe":
			s.Probes = append(s.Probes, at)
		default:
			t.Fatalf("%s: unknown op %q", v.ID, step.Op)
		}
	}
	for i, number := range requestNumbers(v) {
		if at, ok := cancels[number]; ok && !s.Requests[i].Cancels {
			s.Requests[i].Cancels, s.Requests[i].Cancelled = true, at
		}
	}
	return cfg, s
}

// requestNumbers gives the numbers of a vector's requests in the order of the schedule.
func requestNumbers(v conform.BufferVector) []int {
	var numbers []int
	for _, step := range v.Steps {
		if step.Op == "request" {
			numbers = append(numbers, step.Req)
		}
	}
	return numbers
}

func modelRequest(t *testing.T, step conform.BufferStep) spec.Request {
	r := spec.Request{
		At: time.Duration(step.At), Shard: step.Ks + "/" + step.Shard, Cause: modelCause(t, step.Err),
		RetryTakes: time.Duration(step.RetryTakes), Cancels: step.CtxCanceledBefore, Cancelled: -1,
	}
	if step.CtxTimeout != nil {
		r.Timeout = time.Duration(*step.CtxTimeout)
	}
	if step.Mark == "refused" {
		r.Mark = spec.MarkRefused
	}
	return r
}

// modelCause is the table of error kinds in the README of the vectors.
func modelCause(t *testing.T, kind string) spec.Cause {
	const (
		reparent = "primary is not serving, there may be a reparent operation in progress"
		denied   = "disallowed due to rule: enforce denied tables"
	)
	causes := map[string]spec.Cause{
		"": {}, "none": {},
		"reparent":         {Code: vterr.ClusterEvent, Text: reparent},
		"reshard":          {Code: vterr.ClusterEvent, Text: "current keyspace is being resharded"},
		"not_serving":      {Code: vterr.ClusterEvent, Text: "operation not allowed in state NOT_SERVING"},
		"shutting_down":    {Code: vterr.ClusterEvent, Text: "operation not allowed in state SHUTTING_DOWN"},
		"read_only":        {Code: vterr.ClusterEvent, Text: "The MySQL server is running with the --super-read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000)"},
		"move_tables":      {Code: vterr.FailedPrecondition, Text: denied},
		"wrapped_reparent": {Code: vterr.ClusterEvent, Text: "target: ks1.0.primary: " + reparent},
		"precondition":     {Code: vterr.FailedPrecondition, Text: "operation not allowed in state NOT_SERVING"},
		"unavailable":      {Code: vterr.Unavailable, Text: reparent},
		"aborted":          {Code: vterr.Aborted, Text: denied},
		"plain":            {Code: vterr.Unknown, Text: reparent},
	}
	cause, ok := causes[kind]
	require.True(t, ok, kind)
	return cause
}

// modelOutcome plays a vector in the model.
func modelOutcome(t *testing.T, v conform.BufferVector) conform.BufferOutcome {
	cfg, s := modelSchedule(t, v)
	numbers := requestNumbers(v)
	out := conform.BufferOutcome{Order: map[string][]int{}}
	end := spec.PlayBuffer(cfg, conform.Newest(), s, func(b spec.Buffer, e spec.Effect) {
		now := b.Outcome()
		switch e.Kind {
		case spec.Returned:
			if shard := s.Requests[e.Of].Shard; now.Requests[e.Of].Result.RetryDone() {
				out.Order[shard] = append(out.Order[shard], numbers[e.Of])
			}
		case spec.ShutdownReturned:
			out.ShutdownReturnedAt = append(out.ShutdownReturnedAt, conform.Seconds(b.Now()))
		case spec.Probed:
			probe := conform.Probe{At: conform.Seconds(b.Now()), SlotsInUse: now.SlotsInUse}
			probe.Shards, probe.Metrics = modelShards(now)
			out.Probes = append(out.Probes, probe)
		}
	})
	fillOutcome(&out, end, numbers)
	if v.Config.DrainConcurrency != 1 || v.Racy() {
		out.Order = nil
	}
	return out
}

// fillOutcome writes the end of a model as vectors do.
func fillOutcome(out *conform.BufferOutcome, end spec.BufferOutcome, numbers []int) {
	byNumber := map[int]conform.RequestOutcome{}
	for i, r := range end.Requests {
		if r.Result == spec.Pending {
			continue
		}
		o := conform.RequestOutcome{Req: numbers[i], At: conform.Seconds(r.At), RetryDoneFunc: r.Result.RetryDone(), Error: r.Result.Text()}
		switch r.Result {
		case spec.Pass:
			o.Result = "pass_through"
		case spec.Retry:
			over := conform.Seconds(r.RetryEnd)
			o.Result, o.RetryEnd = "retry", &over
		default:
			o.Result, o.ErrorCode = "error", "UNAVAILABLE"
		}
		byNumber[o.Req] = o
	}
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		out.Requests = append(out.Requests, byNumber[number])
	}
	out.SlotsInUseAtEnd = end.SlotsInUse
	out.StatesAtEnd, out.MetricsAtEnd = modelShards(end)
}

func modelShards(o spec.BufferOutcome) (map[string]conform.ShardState, map[string]conform.BufferMetrics) {
	states, metrics := map[string]conform.ShardState{}, map[string]conform.BufferMetrics{}
	for _, sh := range o.Shards {
		if sh.Exists {
			states[sh.Shard] = conform.ShardState{State: sh.State.String(), Queue: sh.Queued}
		}
		c := sh.Counters
		m := conform.BufferMetrics{
			Starts: c.Starts, Buffered: c.Buffered, BufferedDryRun: c.BufferedDryRun, Drained: c.Drained,
			Stops: map[string]int64{}, Evicted: map[string]int64{}, Skipped: map[string]int64{},
			FailoverDurationSumMs: c.FailoverDurationSumMs, LastFailoverDurationMs: c.LastFailoverDurationMs,
			UtilizationSum: c.UtilizationSum, UtilizationDryRunSum: c.UtilizationDryRunSum,
			LastRequestsInFlightMax: c.LastRequestsInFlightMax, LastRequestsDryRunMax: c.LastRequestsDryRunMax,
		}
		for i, n := range c.Stops {
			m.Stops[spec.StopReason(i).String()] = n
		}
		for i, n := range c.Evicted {
			m.Evicted[spec.EvictReason(i).String()] = n
		}
		for i, n := range c.Skipped {
			m.Skipped[spec.SkipReason(i).String()] = n
		}
		metrics[sh.Shard] = m
	}
	return states, metrics
}

func TestModelGivesRecordedOutcomes(t *testing.T) {
	files := []string{"random.jsonl.gz"}
	for _, group := range handGroups() {
		files = append(files, "hand-"+group+".jsonl")
	}
	for _, file := range files {
		for _, v := range load[conform.BufferVector](t, file) {
			diffs := conform.Compare(*v.Expect, modelOutcome(t, v), nil)
			require.Empty(t, diffs, v.ID)
		}
	}
}

// Every outcome that was ever seen of a racy schedule must be one of those that the rules allow.
func TestModelAllowsRecordedRaces(t *testing.T) {
	unrecorded := map[string]int{}
	for _, v := range load[conform.BufferVector](t, "racy*") {
		cfg, s := modelSchedule(t, v)
		all, err := spec.AllBufferOutcomes(cfg, conform.Newest(), s, 400_000)
		require.NoError(t, err, v.ID)
		for i, want := range v.ExpectOneOf {
			require.True(t, slices.ContainsFunc(all, func(o spec.BufferOutcome) bool {
				got := conform.BufferOutcome{}
				for _, at := range o.ShutdownReturned {
					got.ShutdownReturnedAt = append(got.ShutdownReturnedAt, conform.Seconds(at))
				}
				fillOutcome(&got, o, requestNumbers(v))
				got.Probes = want.Probes
				return len(conform.Compare(want, got, nil)) == 0
			}), "%s: outcome %d is not among %d", v.ID, i, len(all))
		}
		if more := len(all) - len(v.ExpectOneOf); more > 0 {
			unrecorded[v.ID] = more
		}
	}
	// What is allowed beyond the recordings is what their README names.
	require.Equal(t, map[string]int{
		"racy/shutdown-and-request": 1, "racy/rand-42-206": 1, "racy/rand-42-279": 1, "racy/deadline-at-window": 1, "racy/rand-42-36": 2,
	}, unrecorded)
}

func TestModelClassifies(t *testing.T) {
	for _, v := range load[conform.ClassifyVector](t, "hand-classify.jsonl") {
		code, _ := vterr.ParseCode(v.Code)
		got := spec.Classify(spec.Cause{Code: code, Text: v.Message}, conform.Newest())
		require.Equal(t, spec.Class{Failover: v.ExpectFailover, Reparent: v.ExpectReparent, Reason: v.ExpectReason}, got, v.ID)
	}
}

func TestModelModes(t *testing.T) {
	for _, v := range load[conform.FlagsVector](t, "hand-flags.jsonl") {
		cfg := spec.BufferConfig{Enabled: v.Config.Enabled, DryRun: v.Config.DryRun, KeyspaceShards: v.Config.KeyspaceShards}
		for shard, want := range v.ExpectModes {
			got := map[spec.Mode]string{spec.Enabled: "enabled", spec.DryRun: "dry_run", spec.Disabled: "disabled"}[cfg.ModeOf(shard)]
			require.Equal(t, want, got, "%s: %s", v.ID, shard)
		}
	}
}
