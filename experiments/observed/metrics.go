package observed

import (
	"fmt"
	"io"
	"math"
	"strconv"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// readMetrics reads the Prometheus exposition text. spec: W-60
func readMetrics(name string, src io.Reader) (Snapshot, error) {
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(src)
	if err != nil {
		return nil, fmt.Errorf("%s: not a page of /metrics: %w", name, err)
	}
	s := Snapshot{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			s.add(f.GetName(), m)
		}
	}
	return s, nil
}

// add takes over one metric; a histogram becomes its series.
func (s Snapshot) add(family string, m *dto.Metric) {
	var labels []Label
	for _, l := range m.GetLabel() {
		labels = append(labels, Label{l.GetName(), l.GetValue()})
	}
	switch {
	case m.Histogram != nil:
		for _, b := range m.Histogram.GetBucket() {
			s[bucket(family, labels, b.GetUpperBound())] = float64(b.GetCumulativeCount())
		}
		s[series(family+"_sum", labels)] = m.Histogram.GetSampleSum()
		s[series(family+"_count", labels)] = float64(m.Histogram.GetSampleCount())
	case m.Counter != nil:
		s[series(family, labels)] = m.Counter.GetValue()
	case m.Gauge != nil:
		s[series(family, labels)] = m.Gauge.GetValue()
	case m.Untyped != nil:
		s[series(family, labels)] = m.Untyped.GetValue()
	}
}

// bucket is the series of a histogram's bucket; le is its upper bound in seconds.
func bucket(family string, labels []Label, le float64) string {
	text := "+Inf"
	if !math.IsInf(le, 1) {
		text = strconv.FormatFloat(le, 'g', -1, 64)
	}
	return series(family+"_bucket", append(append([]Label{}, labels...), Label{"le", text}))
}
