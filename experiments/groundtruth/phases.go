package groundtruth

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"bufsim/experiments/scenario"
)

// PhasesFile is the file of phase instants in the folder of recorded runs.
const PhasesFile = "prs-phases.json"

// Phases are the instants inside healthy reparents that were read from logs.
type Phases struct {
	Note    string                                `json:"note"`
	Summary map[string]map[string]json.RawMessage `json:"summary"`
	Runs    []PhaseRun                            `json:"runs"`
}

// PhaseRun is one reparent: instants in seconds after the shard lock was taken.
type PhaseRun struct {
	Run         string  `json:"run"`
	OldPrimary  string  `json:"old_primary"`
	NewPrimary  string  `json:"new_primary"`
	Delay       float64 `json:"replication_delay_s"`
	Connections int     `json:"connections"`
	// Instants are numbers, but for the arrivals of not-serving messages, which are lists.
	Instants map[string]any `json:"t"`
	StartUTC string         `json:"start_utc"`
}

// at gives an instant; ok is false if the logs did not show it.
func (r *PhaseRun) at(name string) (seconds float64, ok bool) {
	seconds, ok = r.Instants[name].(float64)
	return seconds, ok
}

// ReadPhases reads the file of phases.
func ReadPhases(path string) (*Phases, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &Phases{}
	if err := json.Unmarshal(src, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// lightest is the most connections of a run with light traffic: those with more send as fast
// as they can.
const lightest = 12

// interval lists the lengths of a phase over the reparents under light traffic without lag,
// sorted.
func (p *Phases) interval(from, to string) []time.Duration {
	var list []time.Duration
	for _, r := range p.Runs {
		a, hasA := r.at(from)
		b, hasB := r.at(to)
		if hasA && hasB && r.Delay == 0 && r.Connections <= lightest {
			list = append(list, seconds(b-a).Round(time.Millisecond))
		}
	}
	slices.Sort(list)
	return list
}

// feed says which phase a parameter of the machine comes from. Where a phase holds more than
// the parameter's own step, the medians of the others are taken off.
type feed struct {
	parameter string
	from, to  string
	others    []string
}

// feeds are the parameters that the phases decide. What they leave open keeps the scenario's
// default: the semi-sync switch follows T-117a and has no parameter of its own.
func feeds() []feed {
	return []feed{
		{"super_read_only", "super_read_only_on", "semi_sync_source_off_begin", nil},
		{"local_topo_write", "new_primary_serving", "promote_end", nil},
		{"global_topo_write", "new_primary_serving", "shard_record_written", nil},
		{"serve_transition", "new_primary_read_write", "new_primary_serving", nil},
		{"stop_replication", "promote_begin", "reset_replica_all", []string{"reset_replication"}},
		{"flush_binary_logs", "reset_replica_all", "new_primary_topo_record_written", []string{"local_topo_write", "promote_work"}},
	}
}

// Derive computes the parameters from the phases: a log-normal distribution through the
// median, as wide as the quartiles are. The quartiles, not the extremes, since the machine was
// shared; times are in whole milliseconds, so the least value is half of one.
func (p *Phases) Derive(medians map[string]time.Duration) map[string]scenario.Dist {
	derived := map[string]scenario.Dist{}
	for _, f := range feeds() {
		list := p.interval(f.from, f.to)
		const half = time.Millisecond / 2
		median := list[len(list)/2]
		low, high := max(list[len(list)/4], half), max(list[3*len(list)/4], half)
		for _, other := range f.others {
			if d, ok := derived[other]; ok {
				median -= d.Median.Std()
			} else {
				median -= medians[other]
			}
		}
		// A quartile of the normal distribution lies 0.6745 standard deviations from its middle,
		// the 99th percentile 2.3263.
		sigma := math.Log(float64(high)/float64(low)) / (2 * 0.6745)
		median = max(median, half)
		p99 := time.Duration(float64(median) * math.Exp(2.3263*sigma))
		derived[f.parameter] = scenario.Lognormal(median, p99.Round(time.Millisecond))
	}
	return derived
}
