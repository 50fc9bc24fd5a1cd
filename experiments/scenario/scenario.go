package scenario

import "time"

// APIVersion is the version of the file format that this package reads.
const APIVersion = "bufsim/v1"

// Scenario is one experiment: a cluster, what its clients do, what its
// operator does, and what is judged in the end. A Scenario that came from
// [Load] is resolved: every default is filled in and every check has passed.
type Scenario struct {
	APIVersion  string `json:"apiVersion" jsonschema:"version of the format, always bufsim/v1"`
	Name        string `json:"name" jsonschema:"short name in lower case with dashes"`
	Title       string `json:"title,omitempty" jsonschema:"one line for lists and figures"`
	Description string `json:"description,omitempty" jsonschema:"what the scenario shows"`
	// Release is the Vitess release whose behaviour and defaults are used.
	Release string `json:"release" jsonschema:"Vitess release profile, such as v13 or v24"`
	// Start is what the world holds when the timeline begins.
	Start   Start   `json:"start" jsonschema:"initialised: a cluster that serves; from-nothing: empty topology and MySQL servers"`
	Cluster Cluster `json:"cluster" jsonschema:"cells, shards, tablets, gates and their timing"`
	// Flags are Vitess flags that differ from the release's defaults.
	Flags    Flags         `json:"flags,omitempty" jsonschema:"Vitess flags by component, in any spelling"`
	Workload []ClientGroup `json:"workload" jsonschema:"groups of clients"`
	Timeline []Operation   `json:"timeline,omitempty" jsonschema:"what the operator does and what breaks, in order"`
	// Faults break more, by lines that can aim at events and roles.
	Faults []FaultLine `json:"faults,omitempty" jsonschema:"what breaks, one line each, such as: at 6s crash primary:commerce/0 for 3s"`
	// Duration is when the run ends at the latest, in virtual time.
	Duration Duration `json:"duration" jsonschema:"end of the run at the latest"`
	// Until may end the run earlier; Settle is how long it then goes on.
	Until  Until    `json:"until" jsonschema:"what may end the run before its duration"`
	Settle Duration `json:"settle" jsonschema:"how long the run goes on after until was met"`
	// Recovery is how long the cluster may take, after the run, to become whole again: all
	// faults stop, and then liveness is judged. 0 ends the run without that.
	Recovery Duration `json:"recovery,omitempty" jsonschema:"after the run all faults stop; how long the cluster then has to become whole, before liveness is judged"`
	// Seeds are the seeds of a sweep; a single run takes the first.
	Seeds      Seeds      `json:"seeds" jsonschema:"seeds of a sweep, such as 1-50; a single run takes the first"`
	Thresholds Thresholds `json:"thresholds,omitempty" jsonschema:"limits that decide the verdict and the exit code"`
	// Expect are published figures to compare with; nil for most scenarios.
	Expect *Expect `json:"expect,omitempty" jsonschema:"published figures to print beside our own"`
}

func (s *Scenario) setDefaults(d *decoder) {
	*s = Scenario{
		Release:  "v24",
		Start:    StartInitialised,
		Duration: Duration(30 * time.Second),
		Until:    UntilDuration,
		Settle:   Duration(5 * time.Second),
		Seeds:    Seeds{First: 1, Last: 1},
	}
	s.Cluster.setDefaults(d)
}

// Until names the condition that ends a run.
type Until string

// The conditions.
const (
	// UntilDuration runs to the full duration.
	UntilDuration Until = "duration"
	// UntilTimeline ends when the last operation of the timeline has ended.
	UntilTimeline Until = "timeline"
	// UntilClients ends when every client has finished its work or given up.
	UntilClients Until = "clients"
)

// Values lists the conditions.
func (Until) Values() []string {
	return []string{string(UntilDuration), string(UntilTimeline), string(UntilClients)}
}

// Thresholds are the limits of a good run; a run beyond one is a finding. A
// nil limit is not judged.
type Thresholds struct {
	// ErrorRateMax bounds failed statements among all statements.
	// spec: W-73
	ErrorRateMax *Share `json:"max_error_rate,omitempty" jsonschema:"failed statements among all, as a share"`
	// ErrorsMax bounds the number of failed statements.
	ErrorsMax *int `json:"max_errors,omitempty" jsonschema:"number of failed statements"`
	// LatencyP99Max and LatencyMax bound the latency seen by clients.
	// spec: W-74
	LatencyP99Max *Duration `json:"max_p99,omitempty" jsonschema:"99th percentile of the clients' latency"`
	LatencyMax    *Duration `json:"max_latency,omitempty" jsonschema:"longest latency of a successful statement"`
	// ClientsEndedMax bounds the clients that gave up.
	ClientsEndedMax *int `json:"max_clients_ended,omitempty" jsonschema:"number of clients that gave up"`
}
