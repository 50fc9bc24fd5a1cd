package groundtruth_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// series reads the buffer's counters of a recorded run of the second series.
func series(t *testing.T, name string) map[string]float64 {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("../../testdata/groundtruth", name+".json"))
	require.NoError(t, err)
	var run struct {
		Metrics map[string]float64 `json:"metrics"`
	}
	require.NoError(t, json.Unmarshal(src, &run))
	return run.Metrics
}

// failover plays a timeline in the measured cluster, under the load of the second series: 8
// workers that pause 50 to 150 ms.
func failover(t *testing.T, seed uint64, length time.Duration, timeline []scenario.Operation) *runner.Result {
	t.Helper()
	m := &groundtruth.Measured{
		Name: "failover", Tablets: 3, Durability: "semi_sync", ReadTimeout: 40, Seconds: length.Seconds(),
		Load: []groundtruth.Load{{Clients: 8, Kind: "auto", Min: 50, Max: 150}},
	}
	s, err := m.Shape()
	require.NoError(t, err)
	s.Timeline = timeline
	p, err := release.Lookup(groundtruth.Release)
	require.NoError(t, err)
	parsed, err := flags.Parse([]string{"--enable-buffer"}, p)
	require.NoError(t, err)
	parsed.Flags.VTTablet.HealthCheckInterval = 5 * time.Second
	r, err := runner.Run(s, runner.Options{Seed: seed, Release: p, Flags: parsed.Flags})
	require.NoError(t, err)
	require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
	return r
}

func at(d time.Duration) *scenario.Duration {
	s := scenario.Duration(d)
	return &s
}

// requireCounters compares the series that a run must have exactly, and gives the duration of
// the failover.
func requireCounters(t *testing.T, want map[string]float64, r *runner.Result, families ...string) (measured, played time.Duration) {
	t.Helper()
	for _, f := range families {
		var sum float64
		for name, v := range want {
			if len(name) > len(f) && name[:len(f)+1] == f+"{" {
				sum += v
			}
		}
		require.Equal(t, int64(sum), r.Gates[0].Sum(f), f)
	}
	const duration = `vtgate_buffer_last_failover_duration_ms{keyspace="commerce",shard_name="0"}`
	ms := func(v float64) time.Duration { return time.Duration(v * float64(time.Millisecond)) }
	return ms(want[duration]), ms(float64(r.Gates[0].Value(duration)))
}

// The primary's vttablet is killed, an emergency follows 2 s later, and the tablet comes back:
// all 8 workers are held for 2.1 s, nobody sees an error.
// spec
func TestEmergencyAfterKilledTablet(t *testing.T) {
	want := series(t, "ers-kill-tablet-on")
	for seed := range uint64(5) {
		r := failover(t, seed+1, 26*time.Second, []scenario.Operation{
			{
				ID: "kill", At: at(6 * time.Second), Do: scenario.DoKill, Outcome: scenario.OutcomeAny,
				Args: scenario.Args{Target: "zone1-100", Component: scenario.ComponentVTTablet, For: at(10 * time.Second)},
			},
			{ID: "ers", At: at(8 * time.Second), Do: scenario.DoEmergencyReparentShard, Outcome: scenario.OutcomeSuccess},
		})
		require.False(t, r.Finding, r.Verdict)
		measured, played := requireCounters(t, want, r, "vtgate_buffer_starts", "vtgate_buffer_stops", "vtgate_buffer_requests_buffered",
			"vtgate_buffer_requests_drained", "vtgate_buffer_requests_evicted", "vtgate_buffer_last_requests_in_flight_max")
		require.InDelta(t, measured.Seconds(), played.Seconds(), 0.15)
		require.LessOrEqual(t, r.Statements.Errors, 1, "the statement that was under way, if any")
		require.Less(t, r.Latency.Max, 2400*time.Millisecond)
		took := time.Duration(r.Operations[1].End - r.Operations[1].Start)
		require.Less(t, took, 400*time.Millisecond, "measured: 0.21 s")
	}
}

// An emergency past a living primary: buffered for less than 0.2 s, no error.
// spec: R-102a
func TestEmergencyPastLivingPrimary(t *testing.T) {
	want := series(t, "ers-healthy-on")
	for seed := range uint64(5) {
		r := failover(t, seed+1, 16*time.Second, []scenario.Operation{
			{ID: "ers", At: at(6 * time.Second), Do: scenario.DoEmergencyReparentShard, Outcome: scenario.OutcomeSuccess},
		})
		require.False(t, r.Finding, r.Verdict)
		measured, played := requireCounters(t, want, r, "vtgate_buffer_starts", "vtgate_buffer_stops", "vtgate_buffer_requests_evicted")
		require.InDelta(t, measured.Seconds(), played.Seconds(), 0.15)
	}
}

// The primary's MySQL is dead and no replica acknowledges: the emergency fails after its 15 s,
// and every write hangs.
// spec
func TestEmergencyWithoutAcker(t *testing.T) {
	r := failover(t, 1, 30*time.Second, []scenario.Operation{
		{
			ID: "kill", At: at(6 * time.Second), Do: scenario.DoKill, Outcome: scenario.OutcomeAny,
			Args: scenario.Args{Target: "zone1-100", Component: scenario.ComponentMySQLD, For: at(12 * time.Second)},
		},
		{ID: "ers", At: at(9 * time.Second), Do: scenario.DoEmergencyReparentShard, Outcome: scenario.OutcomeSuccess},
	})
	require.False(t, r.Finding, r.Verdict)
	measured, played := requireCounters(t, series(t, "ers-kill-mysqld-noacker-on"), r, "vtgate_buffer_starts", "vtgate_buffer_stops")
	require.InDelta(t, measured.Seconds(), played.Seconds(), 0.2, "buffering ends with the promotion")
}
