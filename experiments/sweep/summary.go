package sweep

import (
	"time"

	"bufsim/experiments/stats"
)

// Summary is one point with its statistics; the run is the unit.
type Summary struct {
	// At are the point's values by axis; Value is its place on the first axis and
	// Variant the rest in words.
	At      map[string]string `json:"at"`
	Value   string            `json:"value"`
	Variant string            `json:"variant"`
	// ErrorRate is the mean over runs of the share of failed statements, with a
	// BCa bootstrap interval over runs.
	ErrorRate stats.Estimate `json:"error_rate"`
	// AnyError is the share of runs with at least one failed statement, with a
	// Wilson interval.
	AnyError stats.Estimate `json:"any_error"`
	// Outage is the mean write outage.
	Outage time.Duration `json:"outage_ns"`
	// Errors is the mean number of failed statements a run.
	Errors float64 `json:"errors"`
	// LatencyMax is the mean over runs of the longest latency of a statement that
	// succeeded: what waiting in the buffer costs.
	LatencyMax time.Duration `json:"latency_max_ns"`
	// Faults says in how many runs each fault of the point's plan happened.
	Faults []Fired `json:"faults,omitempty"`
}

// level of all intervals.
const level = 0.95

// bootstrapSeed starts the resampling; it is part of the published method, so
// that equal records give equal intervals.
const bootstrapSeed = 1

// Tally counts records as they come. It keeps one number for each run, which the
// bootstrap draws from, and nothing else of it.
type Tally struct {
	resolved *Resolved
	points   []pointTally
	// Runs are the records counted so far.
	Runs int
	// OurFault is the first record in which the simulated program failed.
	OurFault *Record

	idleMarks idle
}

type pointTally struct {
	rates           []float64
	errors, hit     int
	outage, latency time.Duration
	idle            idle
}

// NewTally starts counting the records of a plan.
func NewTally(r *Resolved) *Tally {
	return &Tally{resolved: r, points: make([]pointTally, len(r.Points))}
}

// Add counts a record of the plan.
func (t *Tally) Add(rec Record) {
	t.Runs++
	if rec.OurFault != "" && t.OurFault == nil {
		t.OurFault = &rec
	}
	p := &t.points[rec.Point]
	p.rates = append(p.rates, rec.ErrorRate)
	p.errors += rec.Errors
	if rec.Errors > 0 {
		p.hit++
	}
	p.idle.add(rec.IdleFaults)
	t.idleMarks.add(rec.IdleMarks)
	p.outage += rec.Outage
	p.latency += rec.Max
}

// Summarise makes the points of what was counted, in the order of the plan; points
// without runs are left out.
func (t *Tally) Summarise() ([]Summary, error) {
	var list []Summary
	for i := range t.points {
		if len(t.points[i].rates) == 0 {
			continue
		}
		s, err := t.summary(i)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (t *Tally) summary(point int) (s Summary, err error) {
	p, at := &t.points[point], t.resolved.Points[point].At
	n := len(p.rates)
	s = Summary{
		At: t.resolved.blank(point, 0).At, Value: at[0], Variant: t.resolved.Variant(at),
		Outage: p.outage / time.Duration(n), LatencyMax: p.latency / time.Duration(n), Errors: float64(p.errors) / float64(n),
		Faults: t.faults(point),
	}
	if s.ErrorRate, err = t.errorRate(point); err != nil {
		return s, err
	}
	s.AnyError, err = stats.Wilson(p.hit, n, level)
	return s, err
}

func (t *Tally) errorRate(point int) (stats.Estimate, error) {
	return stats.Mean(t.points[point].rates, stats.NewRand(bootstrapSeed), stats.Options{Level: level})
}
