package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"bufsim/gate/metrics"
)

// Durations that others have counted stand between the other families, with buckets that
// contain the ones below them, and in seconds.
// spec: W-60, W-63
func TestHistogramText(t *testing.T) {
	family := func(name string, typ metrics.Type) metrics.Family {
		return metrics.Family{Name: name, Help: "Help.", Type: typ}
	}
	snap := metrics.Snapshot{
		{Family: family("a", metrics.Gauge), Samples: []metrics.Sample{{Name: "a", Value: 1}}},
		{Family: family("z", metrics.Counter), Samples: []metrics.Sample{{Name: "z", Value: 2}}},
	}.With(
		metrics.FamilySnapshot{Family: family("m", metrics.Histogram), Histograms: []metrics.HistogramSample{{
			Labels: []metrics.Label{{Name: "cell", Value: "zone1"}},
			Bounds: []time.Duration{500 * time.Microsecond, 10 * time.Second}, Buckets: []int64{3, 0, 1}, Sum: 12*time.Second + 30*time.Millisecond,
		}}},
		metrics.FamilySnapshot{Family: family("n", metrics.Histogram)},
	)
	text := snap.Text()
	require.Equal(t, `# HELP a Help.
# TYPE a gauge
a 1
# HELP m Help.
# TYPE m histogram
m_bucket{cell="zone1",le="0.0005"} 3
m_bucket{cell="zone1",le="10"} 3
m_bucket{cell="zone1",le="+Inf"} 4
m_sum{cell="zone1"} 12.03
m_count{cell="zone1"} 4
# HELP z Help.
# TYPE z counter
z 2
`, text)
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	read := families["m"].GetMetric()[0].GetHistogram()
	require.EqualValues(t, 4, read.GetSampleCount())
	require.InDelta(t, 12.03, read.GetSampleSum(), 1e-9)
	require.Len(t, read.GetBucket(), 3)
}
