package tune

import (
	"slices"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/stats"
)

// Run is what one run of a setting gave.
type Run struct {
	Seed uint64
	// PRS and Lag are the lengths that were wanted, Outage what the reparents made of them,
	// together.
	PRS, Lag, Outage           time.Duration
	Reparents                  int
	Failed                     []string // the errors of reparents
	Statements, Errors, Stuck  int
	Causes                     []Cause
	HighWater                  int64
	Buffered, Evicted, Skipped int64
	Steps                      uint64

	pauses *stats.Latencies
}

// pauseMin is what makes a statement's wait a pause: more than any statement takes
// while nothing fails over.
const pauseMin = 100 * time.Millisecond

func newRun(r *runner.Result, seed uint64, prs, lag time.Duration, intervals map[string]time.Duration) (*Run, error) {
	run := &Run{
		Seed: seed, PRS: prs, Lag: lag, Outage: r.WriteOutage(), Steps: r.Steps,
		Statements: r.Statements.Total, Errors: r.Statements.Errors, Stuck: r.Statements.Unfinished,
		Causes: causes(r), pauses: stats.NewLatencies(),
	}
	for i := range r.Operations {
		if o := &r.Operations[i]; len(o.Phases) > 0 {
			run.Reparents++
			if o.Error != "" {
				run.Failed = append(run.Failed, o.Error)
			}
		}
	}
	for i := range r.Gates {
		g := &r.Gates[i]
		run.HighWater = max(run.HighWater, g.Sum("vtgate_buffer_last_requests_in_flight_max"))
		run.Buffered += g.Sum("vtgate_buffer_requests_buffered")
		run.Evicted += g.Sum("vtgate_buffer_requests_evicted")
		run.Skipped += g.Sum("vtgate_buffer_requests_skipped")
	}
	for i := range r.Journal.Records {
		rec := &r.Journal.Records[i]
		if rec.Failed || rec.Latency() < pauseMin {
			continue
		}
		interval := intervals[r.Journal.Clients[rec.Client].Group]
		if err := run.pauses.RecordCorrected(rec.Latency(), interval, pauseMin); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// Outcome are the runs of one setting.
type Outcome struct {
	Setting Setting
	Runs    []Run
	// Stuck counts the statements that had no answer at the ends of their runs.
	Stuck int
	// Pauses are the waits of at least a tenth of a second of statements that succeeded, over
	// all runs, from the instant at which their clients wanted to send them. A client that
	// waits for an answer would have sent more meanwhile; these count with what was left of
	// the wait.
	Pauses *stats.Latencies
}

func (o *Outcome) add(r Run) {
	if o.Pauses == nil {
		o.Pauses = stats.NewLatencies()
	}
	if r.pauses != nil {
		o.Pauses.Merge(r.pauses)
	}
	r.pauses = nil
	o.Stuck += r.Stuck
	o.Runs = append(o.Runs, r)
}

// Hit counts the runs with a failed statement.
func (o *Outcome) Hit() (n int) {
	for i := range o.Runs {
		if o.Runs[i].Errors > 0 {
			n++
		}
	}
	return n
}

// errorsMean is the mean number of failed statements of a run.
func (o *Outcome) errorsMean() float64 {
	sum := 0
	for i := range o.Runs {
		sum += o.Runs[i].Errors
	}
	return float64(sum) / float64(max(1, len(o.Runs)))
}

// avoidable counts the failed statements of a run about which flags of the buffer decide.
func (r *Run) avoidable() int {
	n := r.Errors
	for _, c := range r.Causes {
		if c.Elsewhere {
			n -= c.Count
		}
	}
	return n
}

// all counts the failed statements of a run.
func (r *Run) all() int { return r.Errors }

// worst is the most failed statements of a run.
func (o *Outcome) worst(count func(*Run) int) (n int) {
	for i := range o.Runs {
		n = max(n, count(&o.Runs[i]))
	}
	return n
}

// rates are the shares of failed statements, one for each run.
func (o *Outcome) rates(count func(*Run) int) []float64 {
	list := make([]float64, len(o.Runs))
	for i := range o.Runs {
		if r := &o.Runs[i]; r.Statements > 0 {
			list[i] = float64(count(r)) / float64(r.Statements)
		}
	}
	return list
}

// rate is the mean over runs of the share of failed statements.
func (o *Outcome) rate(count func(*Run) int) float64 {
	sum := 0.0
	for _, x := range o.rates(count) {
		sum += x
	}
	return sum / float64(max(1, len(o.Runs)))
}

// PauseP99 is the 99th percentile of the pauses, 0 if there was none.
func (o *Outcome) PauseP99() time.Duration {
	if o.Pauses == nil {
		return 0
	}
	p99, _ := o.Pauses.Quantile(0.99)
	return p99
}

// LongestPause is the longest pause, 0 if there was none.
func (o *Outcome) LongestPause() time.Duration {
	if o.Pauses == nil {
		return 0
	}
	return o.Pauses.Summary().Max
}

// HighWater is the most requests that a gate held at a time, as far as its gauges tell.
func (o *Outcome) HighWater() (n int64) {
	for i := range o.Runs {
		n = max(n, o.Runs[i].HighWater)
	}
	return n
}

// Outages are the shortest and the longest write outage of the runs.
func (o *Outcome) Outages() (low, high time.Duration) {
	var list []time.Duration
	for i := range o.Runs {
		list = append(list, o.Runs[i].Outage)
	}
	if len(list) == 0 {
		return 0, 0
	}
	return slices.Min(list), slices.Max(list)
}
