package stats

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// ErrNoRuns is returned when there is no run to compute anything from.
var ErrNoRuns = errors.New("no runs")

// Method names how an interval was computed.
type Method string

const (
	// BCa is the bias-corrected and accelerated bootstrap over runs (the default).
	BCa Method = "bca"
	// Percentile is the plain percentile bootstrap over runs.
	Percentile Method = "percentile"
	// StudentT is the textbook interval of the mean, exact for normal data.
	StudentT Method = "student-t"
	// WilsonScore marks an interval from [Wilson].
	WilsonScore Method = "wilson"
	// Exact marks an interval from [ClopperPearson].
	Exact Method = "clopper-pearson"
	// OrderStatistic marks an interval from [QuantileInterval].
	OrderStatistic Method = "order-statistic"
	// OneRun marks an estimate from a single run: the interval is unbounded,
	// since one value says nothing about the spread.
	OneRun Method = "one-run"
	// AllEqual marks an estimate whose runs all gave the same value: Low and
	// High equal Mean. That is not certainty; see [Mean].
	AllEqual Method = "all-equal"
)

// Estimate is a number computed over runs, with its interval.
// Low <= High always holds. Low or High may be infinite: the data puts no bound
// on that side.
type Estimate struct {
	N      int     // number of runs
	Mean   float64 // point estimate; a share for yes/no outcomes
	Low    float64 // lower end of the interval
	High   float64 // upper end of the interval
	Level  float64 // confidence level, 0.95 for a 95 % interval
	Method Method  // how the interval was computed
}

// Bounded tells whether both ends of the interval are finite.
func (e Estimate) Bounded() bool {
	return !math.IsInf(e.Low, 0) && !math.IsInf(e.High, 0)
}

// MarshalJSON writes an unbounded end as null, which JSON can express, where an
// infinity would be an error.
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		N      int      `json:"n"`
		Mean   float64  `json:"mean"`
		Low    *float64 `json:"low"`
		High   *float64 `json:"high"`
		Level  float64  `json:"level"`
		Method Method   `json:"method"`
	}{e.N, e.Mean, finite(e.Low), finite(e.High), e.Level, e.Method})
}

func finite(x float64) *float64 {
	if math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// Options says how an interval is computed. The zero value is a 95 % BCa
// bootstrap with 9999 resamples.
type Options struct {
	// Level is the confidence level, between 0 and 1; zero means 0.95.
	Level float64
	// Resamples is the number of bootstrap samples; zero means 9999 (Davison and
	// Hinkley: Bootstrap Methods and their Application, 1997, advise a number B
	// for which (B+1)(1-Level)/2 is a whole number).
	Resamples int
	// Method is BCa, Percentile or StudentT; empty means BCa.
	Method Method
}

// withDefaults fills in the defaults and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.Resamples == 0 {
		o.Resamples = 9999
	}
	if o.Method == "" {
		o.Method = BCa
	}
	if err := checkLevel(o.Level); err != nil {
		return o, err
	}
	if o.Resamples < 99 {
		return o, fmt.Errorf("resamples: %d is too few, at least 99", o.Resamples)
	}
	switch o.Method {
	case BCa, Percentile, StudentT:
		return o, nil
	}
	return o, fmt.Errorf("method: %q is not one of %s, %s, %s", o.Method, BCa, Percentile, StudentT)
}

func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("level: %v is not between 0 and 1", level)
	}
	return nil
}

// checkValues rejects values over which no statistic is defined.
func checkValues(xs []float64) error {
	if len(xs) == 0 {
		return ErrNoRuns
	}
	for i, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("run %d: value %v is not finite", i, x)
		}
	}
	return nil
}
