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
	if name == "candidate_heard" {
		return r.candidateHeard()
	}
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

const (
	// lightest is the most connections of a run with light traffic: those with more send as
	// fast as they can.
	lightest = 12
	// shortDrain is longer than any drain that had no long statement to wait for.
	shortDrain = 10 * time.Millisecond
	// ackPoll is how long MySQL's ACK receiver waits for somebody to acknowledge. Who
	// switches semi-sync off waits for the end of it. spec: T-117a
	ackPoll = time.Second
	// journalPoll is the pause of a replica that looks for the reparent journal. spec: R-40
	journalPoll = 100 * time.Millisecond
)

// light says whether a reparent had light traffic, replicas without lag, semi-sync and nothing
// to wait for: those of the summary's light_traffic_no_lag.
func (r *PhaseRun) light() bool {
	begin, drained := r.at("drain_begin")
	end, _ := r.at("drain_end")
	_, semiSync := r.at("semi_sync_source_off_begin")
	return r.Delay == 0 && r.Connections <= lightest && semiSync && drained && seconds(end-begin) <= shortDrain
}

// candidateHeard is when the old primary heard of the candidate's new connection: the poll of
// its ACK receiver that the demotion then waited for began there. ok is false if the demotion
// waited less, because something else ended the poll.
func (r *PhaseRun) candidateHeard() (seconds float64, ok bool) {
	begin, has := r.at("semi_sync_source_off_begin")
	end, _ := r.at("demote_end")
	return end - ackPoll.Seconds(), has && end-begin > 0.9*ackPoll.Seconds()
}

// light are the reparents under light traffic.
func (p *Phases) light() []PhaseRun {
	return slices.DeleteFunc(slices.Clone(p.Runs), func(r PhaseRun) bool { return !r.light() })
}

// lengths lists how long a phase lasted in each of the runs, sorted.
func lengths(runs []PhaseRun, from, to string) []time.Duration {
	var list []time.Duration
	for i := range runs {
		a, hasA := runs[i].at(from)
		b, hasB := runs[i].at(to)
		if hasA && hasB {
			list = append(list, seconds(b-a).Round(time.Millisecond))
		}
	}
	slices.Sort(list)
	return list
}

// feed says which phase a step comes from. Where a phase holds more than the step, the medians
// of the others are taken off.
type feed struct {
	step     string
	from, to string
	others   []string
	// pause, if it is not zero, is contained once in the phase; phases with more of them are left
	// out.
	pause time.Duration
}

// feeds are the steps that the phases decide, in an order in which each knows its others.
func feeds() []feed {
	return []feed{
		{step: "super_read_only", from: "super_read_only_on", to: "semi_sync_source_off_begin", others: []string{"status"}},
		{step: "local_topo_write", from: "new_primary_serving", to: "promote_end"},
		{step: "global_topo_write", from: "new_primary_serving", to: "shard_record_written", others: []string{"local_topo_write"}},
		{step: "serve_transition", from: "new_primary_read_write", to: "new_primary_serving"},
		{step: "stop_replication", from: "promote_begin", to: "reset_replica_all", others: []string{"reset_replication"}},
		{step: "start_replication", from: "candidate_heard", to: "candidate_check_end"},
		{step: "replica_reconnect", from: "candidate_check_begin", to: "candidate_heard", others: []string{"stop_replication"}},
		{step: "flush_binary_logs", from: "reset_replica_all", to: "new_primary_topo_record_written", others: []string{"local_topo_write", "promote_work"}},
		// The old primary looks for the journal when it is attached and, since that is too early,
		// once more.
		{
			step: "change_source", from: "old_primary_type_replica", to: "old_primary_repointed",
			others: []string{"serve_replica", "local_topo_write", "start_replication"}, pause: journalPoll,
		},
	}
}

// Derive computes steps from the phases: a log-normal distribution through the median and as wide
// as the quartiles are, with a tail up to the longest. The quartiles give the width, not the
// longest, since that was in most phases a single pause of the shared machine, ten times as long
// as all others. Medians are those of steps that the phases do not tell. Times are in whole
// milliseconds, so the least value is half of one.
func (p *Phases) Derive(medians map[string]time.Duration) map[string]scenario.Dist {
	derived := map[string]scenario.Dist{}
	for _, f := range feeds() {
		list := withoutPause(lengths(p.light(), f.from, f.to), f.pause)
		var others time.Duration
		for _, other := range f.others {
			if d, ok := derived[other]; ok {
				others += d.Median.Std()
			} else {
				others += medians[other]
			}
		}
		const half = time.Millisecond / 2
		low, high := max(list[len(list)/4], half), max(list[3*len(list)/4], half)
		median := max(list[len(list)/2]-others, half)
		// A quartile of the normal distribution lies 0.6745 standard deviations from its middle,
		// the 99th percentile 2.3263.
		sigma := math.Log(float64(high)/float64(low)) / (2 * 0.6745)
		p99 := time.Duration(float64(median) * math.Exp(2.3263*sigma)).Round(half)
		d := scenario.Lognormal(median, p99)
		if longest := list[len(list)-1] - others; longest > p99 {
			d = d.WithLongest(longest)
		}
		derived[f.step] = d
	}
	return derived
}

// withoutPause takes one pause off each phase that holds only one.
func withoutPause(list []time.Duration, pause time.Duration) (rest []time.Duration) {
	for _, d := range list {
		if pause == 0 || d < 2*pause {
			rest = append(rest, d-pause)
		}
	}
	return rest
}
