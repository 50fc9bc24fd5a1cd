package sweep

import (
	"encoding/json"
	"io"
	"time"

	"bufsim/experiments/runner"
)

// Record is one run of a sweep: one line of NDJSON.
type Record struct {
	Point   int    `json:"point"`
	Value   string `json:"value"`
	Variant string `json:"variant"`
	Seed    uint64 `json:"seed"`

	Statements int     `json:"statements"`
	Errors     int     `json:"errors"`
	ErrorRate  float64 `json:"error_rate"`
	Lost       int     `json:"lost"`
	// Outage is the write outage that the run's reparents made, together.
	Outage   time.Duration `json:"outage_ns"`
	P99      time.Duration `json:"p99_ns"`
	Max      time.Duration `json:"max_ns"`
	Buffered int64         `json:"buffered"`
	Evicted  int64         `json:"evicted"`
	Skipped  int64         `json:"skipped"`
	Hash     string        `json:"hash"`
	Finding  bool          `json:"finding"`
	OurFault string        `json:"our_fault,omitempty"`
	Version  string        `json:"version"`
}

func newRecord(point int, p Point, seed uint64, r *runner.Result) Record {
	rec := Record{
		Point: point, Value: p.Value, Variant: p.Variant.Label(), Seed: seed,
		Statements: r.Statements.Total, Errors: r.Statements.Errors, ErrorRate: r.Statements.ErrorRate(), Lost: r.Statements.Lost,
		Outage: r.WriteOutage(), P99: r.Latency.P99, Max: r.Latency.Max,
		Hash: r.Hash, Finding: r.Finding, Version: r.Version,
	}
	for i := range r.Gates {
		rec.Buffered += r.Gates[i].Sum("vtgate_buffer_requests_buffered")
		rec.Evicted += r.Gates[i].Sum("vtgate_buffer_requests_evicted")
		rec.Skipped += r.Gates[i].Sum("vtgate_buffer_requests_skipped")
	}
	if r.Outcome.Failed() {
		rec.OurFault = r.Outcome.Detail
	}
	return rec
}

// WriteNDJSON writes one record a line.
func WriteNDJSON(w io.Writer, records []Record) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range records {
		if err := enc.Encode(&records[i]); err != nil {
			return err
		}
	}
	return nil
}
