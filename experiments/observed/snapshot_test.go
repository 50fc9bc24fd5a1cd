package observed

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// The same gate, as both pages show it.
const (
	metricsPage = `# HELP vtgate_buffer_starts Buffering operation starts
# TYPE vtgate_buffer_starts counter
vtgate_buffer_starts{keyspace="commerce",shard_name="0"} 2
vtgate_buffer_starts{shard_name="-80",keyspace="customer"} 1
# TYPE vtgate_buffer_stops counter
vtgate_buffer_stops{keyspace="commerce",reason="NewPrimarySeen",shard_name="0"} 2
vtgate_buffer_stops{keyspace="commerce",reason="Shutdown",shard_name="0"} 0
# TYPE vtgate_buffer_requests_skipped counter
vtgate_buffer_requests_skipped{keyspace="commerce",reason="LastFailoverTooRecent",shard_name="0"} 28
# TYPE vtgate_buffer_requests_buffered counter
vtgate_buffer_requests_buffered{keyspace="commerce",shard_name="0"} 6
# TYPE vtgate_buffer_failover_duration_sum_ms counter
vtgate_buffer_failover_duration_sum_ms{keyspace="commerce",shard_name="0"} 1060
# TYPE vtgate_buffer_size gauge
vtgate_buffer_size 10
# TYPE vtgate_api histogram
vtgate_api_bucket{db_type="PRIMARY",keyspace="commerce",operation="Execute",le="0.001"} 60
vtgate_api_bucket{db_type="PRIMARY",keyspace="commerce",operation="Execute",le="0.005"} 98
vtgate_api_bucket{db_type="PRIMARY",keyspace="commerce",operation="Execute",le="0.01"} 99
vtgate_api_bucket{db_type="PRIMARY",keyspace="commerce",operation="Execute",le="+Inf"} 100
vtgate_api_sum{db_type="PRIMARY",keyspace="commerce",operation="Execute"} 1.5
vtgate_api_count{db_type="PRIMARY",keyspace="commerce",operation="Execute"} 100
# TYPE vtgate_api_error_counts counter
vtgate_api_error_counts{code="UNAVAILABLE",db_type="PRIMARY",keyspace="commerce",operation="Execute"} 3
`
	varsPage = `{
"Uptime": 12, "BufferStarts": {"commerce.0": 2, "customer.-80": 1},
"BufferStops": {"commerce.0.NewPrimarySeen": 2, "commerce.0.Shutdown": 0},
"BufferRequestsSkipped": {"commerce.0.LastFailoverTooRecent": 28},
"BufferRequestsBuffered": {"commerce.0": 6}, "BufferFailoverDurationSumMs": {"commerce.0": 1060}, "BufferSize": 10,
"VtgateApi": {"TotalCount": 100, "TotalTime": 1500000000, "Histograms": {
  "All": {"1000000": 60, "5000000": 38, "10000000": 1, "inf": 1, "Count": 100, "Time": 1500000000},
  "Execute.commerce.PRIMARY": {"1000000": 60, "5000000": 38, "10000000": 1, "inf": 1, "Count": 100, "Time": 1500000000}}},
"VtgateApiErrorCounts": {"Execute.commerce.PRIMARY.UNAVAILABLE": 3}
}`
)

func snapshot(t testing.TB, text string) Snapshot {
	t.Helper()
	s, err := Read("page", strings.NewReader(text))
	require.NoError(t, err)
	return s
}

// Both pages of a gate give the same series.
// spec: W-60, W-61, W-63
func TestPagesAgree(t *testing.T) {
	s := snapshot(t, metricsPage)
	require.Empty(t, cmp.Diff(s, snapshot(t, "\n  "+varsPage)))
	require.Equal(t, 3.0, s.Sum("vtgate_buffer_starts"))
	require.Equal(t, 1.0, s.Sum("vtgate_buffer_starts", Label{"keyspace", "customer"}))
	require.Equal(t, Buffer{
		Starts: 3, Stops: 2, Buffered: 6, DurationMS: 1060, Stopped: map[string]float64{"NewPrimarySeen": 2},
		Evicted: map[string]float64{}, Skipped: map[string]float64{"LastFailoverTooRecent": 28},
	}, s.Buffer())
	traffic, err := FromCounters(s, 10*time.Second)
	require.NoError(t, err)
	require.Equal(t, Traffic{
		Span: 10 * time.Second, Statements: 100, QPS: 10, Primary: 1, Failed: 3, Median: time.Millisecond, P99: 10 * time.Millisecond,
	}, traffic)
}

// What happened in between is the difference; gauges keep their value, and a counter
// that went back is a restart.
// spec: W-62
func TestSince(t *testing.T) {
	later := snapshot(t, strings.NewReplacer(`reason="LastFailoverTooRecent",shard_name="0"} 28`, `reason="LastFailoverTooRecent",shard_name="0"} 30`,
		"vtgate_buffer_size 10", "vtgate_buffer_size 5").Replace(metricsPage))
	diff, err := later.Since(snapshot(t, metricsPage))
	require.NoError(t, err)
	require.Equal(t, map[string]float64{"LastFailoverTooRecent": 2}, diff.Buffer().Skipped)
	require.Zero(t, diff.Buffer().Starts)
	require.Equal(t, 5.0, diff.Sum("vtgate_buffer_size"))
	_, err = snapshot(t, metricsPage).Since(later)
	require.ErrorIs(t, err, ErrRestarted)
	_, err = FromCounters(diff, time.Second)
	require.ErrorContains(t, err, "counted no statement")
	_, err = FromCounters(later, 0)
	require.ErrorContains(t, err, "the time between")
}

func TestPageMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "page: the file is empty; save a gate's page",
		" \n":                                 "page: the file is empty",
		"vtgate_buffer_starts{keyspace=\"a\"": "page: not a page of /metrics: ",
		"{\n\"BufferStarts\": {,":             "page:2:19: not a page of /debug/vars: ",
		`{"BufferStarts": {"commerce": 1}}`:   `page: BufferStarts: key "commerce" has 1 parts, want keyspace.shard_name`,
		`{"BufferStarts": 7}`:                 "page: BufferStarts: ",
		`{"VtgateApi": {"Histograms": {"a.b.c": {"soon": 1}}}}`: `histogram "a.b.c": "soon" is not a bound`,
	} {
		_, err := Read("page", strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(metricsPage)
	f.Add(varsPage)
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := Read("page", strings.NewReader(text)); err == nil {
			s.Buffer()
		}
	})
}
