package sweep

import (
	"time"

	"bufsim/experiments/runner"
)

// Record is one run of a sweep: one line of NDJSON.
type Record struct {
	// Plan is the hash of the plan, Version that of the simulation.
	Plan    string `json:"plan"`
	Version string `json:"version"`
	// Points and Seeds say what the whole plan has, so that missing runs show.
	Points int    `json:"points"`
	Seeds  string `json:"seeds"`
	// Point is the number of the point from 0 on, At its values by axis.
	Point int               `json:"point"`
	At    map[string]string `json:"at"`
	Seed  uint64            `json:"seed"`

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
	// IdleFaults and IdleMarks are what the plan has and did not happen in the run.
	IdleFaults []string `json:"idle_faults,omitempty"`
	IdleMarks  []string `json:"idle_marks,omitempty"`
}

// blank is the record of a run that is not played yet.
func (r *Resolved) blank(point int, seed uint64) Record {
	at := map[string]string{}
	for i, a := range r.Axes {
		at[a.Name] = r.Points[point].At[i]
	}
	return Record{Plan: r.Hash, Version: runner.Version, Points: len(r.Points), Seeds: r.Seeds.String(), Point: point, At: at, Seed: seed}
}

// fill adds what a run gave.
func (rec *Record) fill(r *runner.Result) {
	rec.Statements, rec.Errors, rec.ErrorRate = r.Statements.Total, r.Statements.Errors, r.Statements.ErrorRate()
	rec.Lost, rec.Outage = r.Statements.Lost, r.WriteOutage()
	rec.P99, rec.Max = r.Latency.P99, r.Latency.Max
	rec.Hash, rec.Finding, rec.IdleFaults = r.Hash, r.Finding, idleFaults(r)
	for i := range r.Gates {
		rec.Buffered += r.Gates[i].Sum("vtgate_buffer_requests_buffered")
		rec.Evicted += r.Gates[i].Sum("vtgate_buffer_requests_evicted")
		rec.Skipped += r.Gates[i].Sum("vtgate_buffer_requests_skipped")
	}
	if r.Outcome.Failed() {
		rec.OurFault = r.Outcome.Detail
	}
}
