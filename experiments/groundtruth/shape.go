package groundtruth

import (
	"fmt"
	"math"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// Release is the profile that the measured cluster ran.
const Release = "v24"

// Shape is the scenario that a measured run was: the default cluster with the
// run's tablets, load, delay and operations.
func (m *Measured) Shape() (*scenario.Scenario, error) {
	s, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	if err != nil {
		return nil, err
	}
	s.Name, s.Title, s.Release, s.Thresholds = m.Name, m.Note, Release, scenario.Thresholds{}
	k := &s.Cluster.Keyspaces[0]
	k.Durability = scenario.Durability(m.Durability)
	k.Shards[0].Tablets = nil
	for i := range m.Tablets {
		t := scenario.Tablet{Alias: fmt.Sprintf("zone1-%d", 100+i), Cell: "zone1", Type: scenario.TypeReplica}
		if i == 0 {
			t.Type = scenario.TypePrimary
		}
		k.Shards[0].Tablets = append(k.Shards[0].Tablets, t)
	}
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(seconds(m.ReplicationDelay))
	s.Duration = scenario.Duration(seconds(m.Seconds))
	s.Workload = []scenario.ClientGroup{{Name: "worker", Closed: m.load()}}
	return s, m.timeline(s)
}

// load is the measured load: half inserts, half selects, a pause after each.
func (m *Measured) load() *scenario.Closed {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	c := &scenario.Closed{
		Clients: m.Connections, Think: scenario.Uniform(ms(m.SleepMS[0]), ms(m.SleepMS[1])),
		Statements: scenario.Statements{Insert: 50, Select: 50}, TabletType: scenario.TypePrimary,
		OnError: scenario.OnErrorFast, ReadTimeout: scenario.Duration(seconds(m.ReadTimeout)),
	}
	switch m.Mode {
	case "exit":
		c.OnError = scenario.OnErrorExit
	case "retry": // the failing statement itself is not repeated
		c.RetryWait = scenario.Duration(5 * time.Second)
	default:
		c.RetryWait = scenario.Duration(50 * time.Millisecond)
	}
	return c
}

func (m *Measured) timeline(s *scenario.Scenario) error {
	s.Timeline = nil
	for i, op := range m.Ops {
		if op.Op != "PlannedReparentShard" {
			return fmt.Errorf("%s: operation %q is not played yet", m.Name, op.Op)
		}
		at := scenario.Duration(seconds(op.Start))
		s.Timeline = append(s.Timeline, scenario.Operation{
			ID: fmt.Sprintf("op%d", i+1), At: &at, Do: scenario.DoPlannedReparentShard, Outcome: scenario.OutcomeAny,
		})
	}
	return nil
}

// Run is one simulated run in the terms of a measured one.
type Run struct {
	Seed       uint64
	Errors     int
	Counters   []string
	ErrorTexts []string
}

// Play plays a measured run's shape with each of the seeds 1..n.
func (m *Measured) Play(n int) ([]Run, error) {
	s, err := m.Shape()
	if err != nil {
		return nil, err
	}
	p, err := release.Lookup(Release)
	if err != nil {
		return nil, err
	}
	parsed, err := flags.Parse(m.Flags, p)
	if err != nil {
		return nil, err
	}
	// What the cluster was started with. Lag beyond the wait makes no difference.
	parsed.Flags.VTTablet.HealthCheckInterval = 5 * time.Second
	var runs []Run
	for seed := range uint64(n) {
		r, err := runner.Run(s, runner.Options{Seed: seed + 1, Release: p, Flags: parsed.Flags})
		if err != nil {
			return nil, err
		}
		if r.Outcome.Failed() {
			return nil, fmt.Errorf("%s, seed %d: %s", m.Name, seed+1, r.Outcome.Detail)
		}
		runs = append(runs, newRun(seed+1, r))
	}
	return runs, nil
}

func newRun(seed uint64, r *runner.Result) Run {
	run := Run{Seed: seed, Errors: r.Statements.Errors}
	for _, s := range r.Gates[0].Buffer {
		if timeless(s.Name) {
			run.Counters = append(run.Counters, fmt.Sprintf("%s %d", s.Name, s.Value))
		}
	}
	count := map[string]int{}
	for _, e := range r.Errors {
		count[fmt.Sprintf("%d %s", e.Num, e.Text)] += e.Count
	}
	run.ErrorTexts = withCounts(count)
	return run
}

// Same counts the runs whose counters and error texts are those of the measured run.
func (m *Measured) Same(runs []Run) int {
	want := strings.Join(append(m.Counters(), m.ErrorTexts()...), "\n")
	n := 0
	for _, r := range runs {
		if strings.Join(append(append([]string{}, r.Counters...), r.ErrorTexts...), "\n") == want {
			n++
		}
	}
	return n
}

// ErrorRange is the least and the greatest number of failed statements.
func ErrorRange(runs []Run) (low, high int) {
	low = math.MaxInt
	for _, r := range runs {
		low, high = min(low, r.Errors), max(high, r.Errors)
	}
	return low, high
}
