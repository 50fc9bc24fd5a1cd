package tune

import (
	"fmt"
	"time"

	"bufsim/experiments/stats"
)

// Verdict is what a search came to.
type Verdict string

// The verdicts.
const (
	// Recommended: the setting met the target in all runs, fresh ones included.
	Recommended Verdict = "recommended"
	// Unavoidable: the setting met the target but for failed statements that the best setting
	// has with the same seeds, too, or about which no flag of the buffer decides.
	Unavoidable Verdict = "unavoidable"
	// Impossible: no candidate met the target.
	Impossible Verdict = "impossible"
	// Inconclusive: what met the target in the search did not with fresh seeds, and neither
	// did the next larger candidates; or the search was interrupted.
	Inconclusive Verdict = "inconclusive"
)

// Advice is the answer to a [Problem].
type Advice struct {
	Verdict  Verdict `json:"verdict"`
	Scenario string  `json:"scenario"`
	Release  string  `json:"release"`
	Target   string  `json:"target"`
	// Setting is what is recommended, Flags its spelling in the release; nil without one.
	Setting *Setting `json:"setting,omitempty"`
	Flags   []string `json:"flags,omitempty"`
	// Held is what the fresh runs of the setting gave.
	Held *Held `json:"verification,omitempty"`
	// Curve is the trade-off between window and errors.
	Curve []CurvePoint `json:"curve,omitempty"`
	// Best is what the best setting of the search gave with fresh seeds of which Setting had
	// failed statements: with all of them about which flags may decide, and some of the others.
	Best *Held `json:"best,omitempty"`
	// Below says what the next smaller candidates miss, or, where nothing met the target,
	// what the best ones did.
	Below []Shortfall `json:"below,omitempty"`
	// Remaining are the causes of failed statements at the setting, with fresh seeds.
	Remaining []Cause `json:"remaining,omitempty"`
	// Played is what the runs covered; nothing is known beyond it.
	Played      Played   `json:"played"`
	Memory      Memory   `json:"memory"`
	Assumptions []string `json:"assumptions"`
	Notes       []string `json:"notes,omitempty"`
	Interrupted bool     `json:"interrupted,omitempty"`
}

// Held is the verification of a setting with fresh seeds.
type Held struct {
	Runs       int    `json:"runs"`
	FirstSeed  uint64 `json:"first_seed"`
	Hit        int    `json:"runs_hit"`
	ErrorsMost int    `json:"most_errors_of_a_run"`
	// HitMost is the upper end of the Clopper-Pearson interval of the share of runs with a
	// failed statement, at Level: 95 %, and more if smaller settings had missed the target
	// with fresh seeds before.
	HitMost      float64       `json:"runs_hit_at_most"`
	Level        float64       `json:"level"`
	PauseP99     time.Duration `json:"p99_pause_ns"`
	PauseMax     time.Duration `json:"max_pause_ns"`
	Reparents    int           `json:"reparents"`
	BufferedMean float64       `json:"buffered_mean"`
}

// CurvePoint is one window with the smallest maximum failover duration that goes with it,
// and a buffer that is never full.
type CurvePoint struct {
	Window    time.Duration  `json:"buffer_window_ns"`
	Met       bool           `json:"met"`
	Runs      int            `json:"runs"`
	ErrorRate stats.Estimate `json:"error_rate"`
	Hit       stats.Estimate `json:"runs_hit"`
	PauseP99  time.Duration  `json:"p99_pause_ns"`
	PauseMax  time.Duration  `json:"max_pause_ns"`
}

// Shortfall is a candidate that missed the target.
type Shortfall struct {
	Flag   string  `json:"flag"`
	Value  string  `json:"value"`
	Missed string  `json:"missed"`
	Causes []Cause `json:"causes,omitempty"`

	// outcome has what was played of it in the search, which may become more.
	outcome *Outcome
}

// Played is what the runs covered.
type Played struct {
	Runs       int           `json:"runs"`
	OutageMin  time.Duration `json:"outage_min_ns"`
	OutageMax  time.Duration `json:"outage_max_ns"`
	Failed     int           `json:"failed_reparents"`
	FailedText string        `json:"failed_text,omitempty"`
}

// Memory is what held requests cost a gate.
type Memory struct {
	PerRequest int `json:"bytes_per_request"`
	// HighWater is the most requests that a gate held in any run of the setting.
	HighWater int64 `json:"high_water_requests"`
	// Used and Full are bytes: at the high-water mark, and with all places taken.
	Used int64 `json:"high_water_bytes"`
	Full int64 `json:"full_bytes"`
}

const level = 0.95

// bootstrapSeed starts the resampling, as in sweeps.
const bootstrapSeed = 1

func held(o *Outcome, first uint64, level float64) (*Held, error) {
	hit, err := stats.ClopperPearson(o.Hit(), len(o.Runs), level)
	if err != nil {
		return nil, err
	}
	h := &Held{
		Runs: len(o.Runs), FirstSeed: first, Level: level, Hit: o.Hit(), ErrorsMost: o.worst((*Run).all), HitMost: hit.High,
		PauseP99: o.PauseP99(), PauseMax: o.LongestPause(),
	}
	for i := range o.Runs {
		h.Reparents += o.Runs[i].Reparents
		h.BufferedMean += float64(o.Runs[i].Buffered) / float64(len(o.Runs))
	}
	return h, nil
}

func curvePoint(o *Outcome, t Target) (c CurvePoint, err error) {
	c = CurvePoint{
		Window: o.Setting.Window, Met: t.Missed(o) == "", Runs: len(o.Runs), PauseP99: o.PauseP99(), PauseMax: o.LongestPause(),
	}
	if c.ErrorRate, err = stats.Mean(o.rates((*Run).all), stats.NewRand(bootstrapSeed), stats.Options{Level: level}); err != nil {
		return c, err
	}
	c.Hit, err = stats.ClopperPearson(o.Hit(), len(o.Runs), level)
	return c, err
}

// cover adds the runs of an outcome to what was played.
func (a *Advice) cover(o *Outcome) {
	if len(o.Runs) == 0 {
		return
	}
	low, high := o.Outages()
	if a.Played.Runs == 0 || low < a.Played.OutageMin {
		a.Played.OutageMin = low
	}
	a.Played.OutageMax = max(a.Played.OutageMax, high)
	a.Played.Runs += len(o.Runs)
	for i := range o.Runs {
		for _, text := range o.Runs[i].Failed {
			a.Played.Failed++
			a.Played.FailedText = text
		}
	}
}

func (a *Advice) note(format string, args ...any) {
	a.Notes = append(a.Notes, fmt.Sprintf(format, args...))
}
