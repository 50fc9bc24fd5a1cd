package sweep

import (
	"time"

	"bufsim/experiments/stats"
)

// Summary is one point of the grid with its statistics; the run is the unit.
type Summary struct {
	Value   string `json:"value"`
	Variant string `json:"variant"`
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
}

// level of all intervals.
const level = 0.95

// bootstrapSeed starts the resampling; it is part of the published method, so
// that equal records give equal intervals.
const bootstrapSeed = 1

// Summarise makes the points of a sweep's records, in the order of the plan.
func Summarise(r *Resolved, records []Record) ([]Summary, error) {
	byPoint := make([][]Record, len(r.Points))
	for _, rec := range records {
		byPoint[rec.Point] = append(byPoint[rec.Point], rec)
	}
	var list []Summary
	for i, p := range r.Points {
		if len(byPoint[i]) == 0 {
			continue
		}
		s, err := summary(p, byPoint[i])
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func summary(p Point, runs []Record) (Summary, error) {
	s := Summary{Value: p.Value, Variant: p.Variant.Label()}
	var rates []float64
	failed := 0
	for _, r := range runs {
		rates = append(rates, r.ErrorRate)
		s.Outage += r.Outage / time.Duration(len(runs))
		s.Errors += float64(r.Errors) / float64(len(runs))
		if r.Errors > 0 {
			failed++
		}
	}
	var err error
	if s.ErrorRate, err = stats.Mean(rates, stats.NewRand(bootstrapSeed), stats.Options{Level: level}); err != nil {
		return s, err
	}
	s.AnyError, err = stats.Wilson(failed, len(runs), level)
	return s, err
}
