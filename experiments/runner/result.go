package runner

import (
	"strings"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/experiments/workload"
	"bufsim/sim"
)

// Version is the version of the simulation: it changes whenever equal inputs may
// give other results.
const Version = "0.3.0"

// Result is everything that a run produced. Its JSON form is stable.
type Result struct {
	Scenario string `json:"scenario"`
	Release  string `json:"release"`
	Seed     uint64 `json:"seed"`
	Version  string `json:"version"`
	// Flags are the Vitess flags that differ from the release's defaults, in the
	// release's spelling.
	Flags []string `json:"flags"`
	// Hash is the step hash of the run, in hexadecimal.
	Hash  string        `json:"hash"`
	Steps uint64        `json:"steps"`
	Ended string        `json:"ended"`
	Time  time.Duration `json:"virtual_time_ns"`

	Statements Statements       `json:"statements"`
	Latency    Latency          `json:"latency"`
	Errors     []ErrorCount     `json:"errors"`
	Operations []Operation      `json:"operations"`
	Faults     []Fault          `json:"faults,omitempty"`
	Gates      []Gate           `json:"gates"`
	Thresholds []ThresholdCheck `json:"thresholds,omitempty"`
	// Checked is the number of invariants that watched the run, Violations what they found.
	Checked    int                   `json:"invariants,omitempty"`
	Violations []invariant.Violation `json:"violations,omitempty"`
	Verdict    string                `json:"verdict"`
	// Finding says that the run shows something that it should not: a failed
	// threshold, an operation with another outcome than the scenario's, an invariant
	// that did not hold, a fault of the program.
	Finding bool `json:"finding"`

	// Outcome and Journal are for reports in the same process.
	Outcome sim.Outcome       `json:"-"`
	Journal *workload.Journal `json:"-"`
	// Decisions is the decision log; empty without a chooser.
	Decisions []sim.Decision `json:"-"`
}

// Statements counts what the clients saw. spec: W-73
type Statements struct {
	// Total counts the finished statements: those without any error are OK, those
	// whose first visible outcome was an error are Errors, and those of them that
	// failed in the end are Lost.
	Total  int `json:"total"`
	OK     int `json:"ok"`
	Errors int `json:"errors"`
	Lost   int `json:"lost"`
	// Unfinished counts the statements still under way when the run ended; they are
	// in none of the numbers above.
	Unfinished int `json:"unfinished"`
	// NotSent counts the lines that gateslap workers never came to because an error
	// had ended them.
	NotSent int `json:"not_sent"`
	// Executions counts what reached the gates, hidden tries and the creation of
	// tables included.
	Executions   int `json:"executions"`
	FailedExecs  int `json:"failed_executions"`
	Clients      int `json:"clients"`
	ClientsEnded int `json:"clients_ended"`
}

// ErrorRate is the share of statements whose first visible outcome was an error.
func (s Statements) ErrorRate() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Errors) / float64(s.Total)
}

// Latency are quantiles over all statements that succeeded, as clients saw them.
// spec: W-74
type Latency struct {
	P50 time.Duration `json:"p50_ns"`
	P90 time.Duration `json:"p90_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// ErrorCount is one error text that clients saw.
type ErrorCount struct {
	Num   int    `json:"errno"`
	State string `json:"sqlstate"`
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Operation is what became of one entry of the scenario's timeline.
type Operation struct {
	ID    string   `json:"id"`
	Do    string   `json:"do"`
	What  string   `json:"what"`
	Start sim.Time `json:"start_ns"`
	End   sim.Time `json:"end_ns"`
	// Ended is false if the run was over before the operation.
	Ended bool `json:"ended"`
	// Error is the operation's error text, "" for success.
	Error string `json:"error,omitempty"`
	// Output is what the operator's terminal showed.
	Output string  `json:"output,omitempty"`
	Phases []Phase `json:"phases,omitempty"`
	// Outage is from the first refused request to the first served one: from the
	// start of the drain until a primary serves again.
	Outage time.Duration `json:"outage_ns"`
	// AsExpected is false if the scenario asked for another outcome. That is a finding, unless
	// NotJudged gives the reason why not: the run's release is not the scenario's.
	AsExpected bool   `json:"as_expected"`
	NotJudged  string `json:"not_judged,omitempty"`
}

// Phase is one step of a reparent.
type Phase struct {
	Name  string   `json:"name"`
	Begin sim.Time `json:"begin_ns"`
	End   sim.Time `json:"end_ns"`
}

// Gate is the state of one gate at the end.
type Gate struct {
	Name string `json:"name"`
	// Metrics is the gate's exposition text.
	Metrics string `json:"metrics"`
	// Buffer holds the buffer's series that are not zero.
	Buffer []Series `json:"buffer"`
	// Log holds the gate's log lines about buffering, if the run recorded them.
	Log []LogLine `json:"log,omitempty"`
}

// Series is one series with its value.
type Series struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// LogLine is one line of a process's log.
type LogLine struct {
	Time  sim.Time `json:"time_ns"`
	Level string   `json:"level"`
	Text  string   `json:"text"`
}

// ThresholdCheck is one threshold of the scenario with the run's value.
type ThresholdCheck struct {
	Name  string `json:"name"`
	Limit string `json:"limit"`
	Value string `json:"value"`
	OK    bool   `json:"ok"`
}

// Value returns the value of a series by its full name, 0 if there is none.
func (g *Gate) Value(name string) int64 {
	for _, s := range g.Buffer {
		if s.Name == name {
			return s.Value
		}
	}
	return 0
}

// Sum adds up all series of a family.
func (g *Gate) Sum(family string) int64 {
	var n int64
	for _, s := range g.Buffer {
		if name, _, _ := strings.Cut(s.Name, "{"); name == family {
			n += s.Value
		}
	}
	return n
}

// WriteOutage is how long the run's reparents kept shards without a serving
// primary, together.
func (r *Result) WriteOutage() time.Duration {
	var sum time.Duration
	for i := range r.Operations {
		sum += r.Operations[i].Outage
	}
	return sum
}
