package stats_test

import (
	"testing"
	"time"

	"bufsim/experiments/stats"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func record(t require.TestingT, latencies ...time.Duration) *stats.Latencies {
	l := stats.NewLatencies()
	for _, d := range latencies {
		require.NoError(t, l.Record(d))
	}
	return l
}

func TestLatencySummary(t *testing.T) {
	l := stats.NewLatencies()
	for i := range 1000 {
		require.NoError(t, l.Record(time.Duration(i+1)*time.Millisecond))
	}
	got := l.Summary()
	require.EqualValues(t, 1000, got.Count)
	require.InEpsilon(t, 500*time.Millisecond, got.P50, 0.001)
	require.InEpsilon(t, 900*time.Millisecond, got.P90, 0.001)
	require.InEpsilon(t, 990*time.Millisecond, got.P99, 0.001)
	require.Equal(t, time.Second, got.Max)
	require.Zero(t, got.Over)
}

func TestLatencyEdges(t *testing.T) {
	empty := stats.NewLatencies()
	_, ok := empty.Quantile(0.5)
	require.False(t, ok)
	require.Equal(t, stats.LatencySummary{}, empty.Summary())

	require.ErrorContains(t, empty.Record(-time.Second), "negative")
	require.Zero(t, empty.Summary().Count)

	_, ok = record(t, time.Second).Quantile(1.5)
	require.False(t, ok)

	// Below the resolution: rounded up to 1 µs, but never above the exact maximum.
	tiny := record(t, 300*time.Nanosecond).Summary()
	require.Equal(t, 300*time.Nanosecond, tiny.P50)

	long := record(t, time.Second, 3*time.Hour).Summary()
	require.EqualValues(t, 1, long.Over)
	require.Equal(t, 3*time.Hour, long.Max)
	require.Equal(t, 3*time.Hour, long.P99)
	require.InEpsilon(t, time.Second, long.P50, 0.001)
}

func TestLatencyMergeIsOrderFree(t *testing.T) {
	duration := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "ns"))
	})
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SliceOfN(duration, 0, 5), 1, 4).Draw(t, "parts")
		shuffled := rapid.Permutation(parts).Draw(t, "shuffled")

		var all []time.Duration
		forwards, backwards := stats.NewLatencies(), stats.NewLatencies()
		for i := range parts {
			all = append(all, parts[i]...)
			forwards.Merge(record(t, parts[i]...))
			backwards.Merge(record(t, shuffled[i]...))
		}
		want := record(t, all...)
		require.Equal(t, want, forwards, "merging equals recording in one place")
		require.Equal(t, forwards, backwards)

		for _, p := range []float64{0, 0.5, 0.9, 0.99, 1} {
			q, ok := forwards.Quantile(p)
			require.Equal(t, len(all) > 0, ok)
			require.LessOrEqual(t, q, forwards.Summary().Max)
		}
		if top, ok := forwards.Quantile(1); ok {
			require.Equal(t, forwards.Summary().Max, top)
		}
	})
}

// The published example of coordinated omission: a hundred seconds with a request of 1 ms
// every 10 ms, then one request that takes a hundred seconds. The figures are those of
// HdrHistogram's own test (HistogramDataAccessTest).
func TestLatencyCorrected(t *testing.T) {
	raw, corrected := stats.NewLatencies(), stats.NewLatencies()
	const interval = 10 * time.Millisecond
	for range 10_000 {
		require.NoError(t, raw.Record(time.Millisecond))
		require.NoError(t, corrected.RecordCorrected(time.Millisecond, interval, interval))
	}
	require.NoError(t, raw.Record(100*time.Second))
	require.NoError(t, corrected.RecordCorrected(100*time.Second, interval, interval))
	require.EqualValues(t, 10_001, raw.Summary().Count)
	require.EqualValues(t, 20_000, corrected.Summary().Count)
	for p, want := range map[float64][2]time.Duration{
		0.3: {time.Millisecond, time.Millisecond}, 0.5: {time.Millisecond, time.Millisecond},
		0.75: {time.Millisecond, 50 * time.Second}, 0.9: {time.Millisecond, 80 * time.Second}, 0.99: {time.Millisecond, 98 * time.Second},
	} {
		r, _ := raw.Quantile(p)
		c, _ := corrected.Quantile(p)
		require.InEpsilon(t, want[0], r, 0.001, p)
		require.InEpsilon(t, want[1], c, 0.001, p)
	}
	require.Equal(t, 100*time.Second, corrected.Summary().Max)

	open := stats.NewLatencies() // arrivals that wait for nothing need no correction
	require.NoError(t, open.RecordCorrected(time.Second, 0, 0))
	require.EqualValues(t, 1, open.Summary().Count)
	require.ErrorContains(t, open.RecordCorrected(-time.Second, interval, interval), "negative")
}
