package groundtruth

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
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
	s.Cluster.MySQL.ReadTime = scenario.Lognormal(statementMedian, statementP99)
	s.Cluster.MySQL.WriteTime = scenario.Lognormal(statementMedian, statementP99)
	s.Cluster.MySQL.ApplyRate = applyRate
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(seconds(m.ReplicationDelay))
	s.Duration = scenario.Duration(seconds(m.Seconds))
	s.Workload = []scenario.ClientGroup{{Name: "worker", Closed: m.load()}}
	return s, m.timeline(s)
}

// The measured cluster's machine. Under light load a statement took 3 to 4 ms in the
// middle; replicas kept up with 235 writes a second and now and then not with 265.
// What the model lacks is the contention for the machine's two cores: under dense
// load (s6, s7, q-*) its clients are faster than the measured ones.
const (
	statementMedian = 3 * time.Millisecond
	statementP99    = 20 * time.Millisecond
	applyRate       = 300
)

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
	// The measured tablets ran with --health-check-interval 5s.
	parsed.Flags.VTTablet.HealthCheckInterval = 5 * time.Second
	runs := make([]Run, n)
	errs := make([]error, n)
	seeds := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range seeds {
				runs[i], errs[i] = m.one(s, runner.Options{Seed: uint64(i) + 1, Release: p, Flags: parsed.Flags})
			}
		})
	}
	for i := range n {
		seeds <- i
	}
	close(seeds)
	wg.Wait()
	return runs, errors.Join(errs...)
}

func (m *Measured) one(s *scenario.Scenario, opts runner.Options) (Run, error) {
	r, err := runner.Run(s, opts)
	if err != nil {
		return Run{}, err
	}
	if r.Outcome.Failed() {
		return Run{}, fmt.Errorf("%s, seed %d: %s", m.Name, opts.Seed, r.Outcome.Detail)
	}
	return newRun(opts.Seed, r), nil
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
