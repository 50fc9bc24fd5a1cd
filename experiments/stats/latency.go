package stats

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// LatencyMax is the longest latency a [Latencies] resolves; longer ones are
	// counted at the top and in [LatencySummary.Over].
	LatencyMax = time.Hour

	latencyDigits = 3
)

// Latencies collects latencies of requests in a histogram of fixed shape: 1 µs to
// 1 h with three significant digits. Counts are integers, so merging the
// histograms of many runs gives the same result in any order. The zero value is
// not usable, see [NewLatencies]; not safe for concurrent use.
//
// Load generators must record from the intended start of a request, else waiting
// in a queue is left out (coordinated omission).
type Latencies struct {
	counts *hdrhistogram.Histogram // in µs
	max    time.Duration
	over   int64
}

// LatencySummary is what is reported of a [Latencies]. Quantiles are exact to
// three digits, rounded up; Max is exact.
type LatencySummary struct {
	Count              int64         // recorded latencies
	P50, P90, P99, Max time.Duration // zero when Count is zero
	Over               int64         // how many were longer than LatencyMax
}

// NewLatencies returns an empty collection.
func NewLatencies() *Latencies {
	return &Latencies{counts: hdrhistogram.New(1, LatencyMax.Microseconds(), latencyDigits)}
}

// Record adds one latency. A negative one is an error and is not recorded.
func (l *Latencies) Record(latency time.Duration) error {
	if latency < 0 {
		return fmt.Errorf("latency %v is negative", latency)
	}
	micros := min(latency, LatencyMax).Microseconds()
	if time.Duration(micros)*time.Microsecond < min(latency, LatencyMax) {
		micros++ // round up: a reported latency is never better than the true one
	}
	if err := l.counts.RecordValue(micros); err != nil {
		return fmt.Errorf("record latency %v: %w", latency, err)
	}
	l.max = max(l.max, latency)
	if latency > LatencyMax {
		l.over++
	}
	return nil
}

// Merge adds all latencies of the other collection, which is not changed.
func (l *Latencies) Merge(other *Latencies) {
	// Both have the same shape, so nothing can be dropped.
	l.counts.Merge(other.counts)
	l.max = max(l.max, other.max)
	l.over += other.over
}

// Quantile returns the latency that a share p of the requests did not exceed:
// the one at rank p·count, rounded; p lies in [0, 1]. It is false when nothing was recorded or p
// is out of range. A quantile that falls among latencies above [LatencyMax] is
// reported as the exact maximum.
func (l *Latencies) Quantile(p float64) (time.Duration, bool) {
	if l.counts.TotalCount() == 0 || !(p >= 0 && p <= 1) {
		return 0, false
	}
	value := time.Duration(l.counts.ValueAtQuantile(100*p)) * time.Microsecond
	if value >= LatencyMax {
		return l.max, true
	}
	return min(value, l.max), true
}

// Summary returns the figures that reports show.
func (l *Latencies) Summary() LatencySummary {
	p50, _ := l.Quantile(0.50)
	p90, _ := l.Quantile(0.90)
	p99, _ := l.Quantile(0.99)
	return LatencySummary{
		Count: l.counts.TotalCount(), P50: p50, P90: p90, P99: p99, Max: l.max, Over: l.over,
	}
}

// RecordCorrected adds a latency as a client saw it that waits for each answer, and the
// latencies of what it would have sent meanwhile: latency - interval, latency -
// 2·interval, and so on down to the smallest one that counts. That corrects coordinated
// omission (Tene: How NOT to measure latency, 2013; recordValueWithExpectedInterval of
// HdrHistogram, which takes the interval itself for the smallest). Without an interval only
// the latency itself is recorded.
func (l *Latencies) RecordCorrected(latency, interval, least time.Duration) error {
	if err := l.Record(latency); err != nil || interval <= 0 {
		return err
	}
	for missing := latency - interval; missing >= max(least, 1); missing -= interval {
		if err := l.Record(missing); err != nil {
			return err
		}
	}
	return nil
}
