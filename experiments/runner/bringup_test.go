package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// bringUps are the built-in scenarios that begin with nothing, and that of the lost pod.
func bringUps() []string {
	return []string{"bring-up", "bring-up-late-gate", "bring-up-second-cell", "five-tablets-emergency"}
}

// Every step of the bring-up scenarios ends as the guide says, on every seed.
// spec: O-57, O-75, O-80, O-81, O-83, O-89, O-90, O-91, O-98
func TestBringUpScenarios(t *testing.T) {
	for _, name := range bringUps() {
		s, opts := load(t, name, "")
		for opts.Seed = 1; opts.Seed <= 5; opts.Seed++ {
			r := run(t, s, opts)
			require.False(t, r.Finding, "%s, seed %d: %s", name, opts.Seed, r.Verdict)
			for _, o := range r.Operations {
				require.True(t, o.Ended, "%s, seed %d: %s", name, opts.Seed, o.ID)
			}
		}
	}
}

// What a scenario says that an operation shows can be missed: the run is a finding then.
func TestSaysCanFail(t *testing.T) {
	s, opts := load(t, "bring-up-late-gate", "v24")
	s.Timeline[1].Says = []string{"Created cell: zone2"}
	r := run(t, s, opts)
	require.True(t, r.Finding)
	require.Contains(t, r.Verdict, "cell ended otherwise than the scenario wants")
}

// operationOf finds an operation of a run.
func operationOf(t testing.TB, r *runner.Result, id string) runner.Operation {
	t.Helper()
	for _, o := range r.Operations {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("no operation %s", id)
	return runner.Operation{}
}

// A vtctld that does not reach the topology ends after five seconds, with the line that the
// guide shows. spec: O-83
func TestVTCtldWithoutTopology(t *testing.T) {
	s, opts := load(t, "bring-up", "v13")
	o := operationOf(t, run(t, s, opts), "vtctld-too-early")
	require.Regexp(t, `^F0101 00:00:0[56]\.\d{6}       1 server\.go:223\] `+
		`Failed to open topo server \(etcd2,topo:2379,/vitess/global\): context deadline exceeded\n$`, o.Output)
	require.Equal(t, 5*time.Second, o.End.Sub(o.Start))
}

// The status page before and after the first primary: who measures replication is unhealthy
// without a source. spec: O-89, G-89, T-74
func TestStatusBeforeAndAfterInit(t *testing.T) {
	s, opts := load(t, "bring-up", "v13")
	r := run(t, s, opts)
	const red = `
Health Check Cache
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	REPLICA	zone1-0000000100 (vttablet error: no replication status (errno 100) (sqlstate HY000))
				zone1-0000000101 (vttablet error: no replication status (errno 100) (sqlstate HY000))
				zone1-0000000102 (vttablet error: no replication status (errno 100) (sqlstate HY000))
`
	require.True(t, strings.HasSuffix(operationOf(t, r, "gate-red").Output, red), operationOf(t, r, "gate-red").Output)
	green := operationOf(t, r, "gate-green").Output
	require.Regexp(t, `zone1	commerce	0	PRIMARY	zone1-0000000100 \(PrimaryTermStartTime: \d+\)
zone1	commerce	0	REPLICA	zone1-0000000101 \(RepLag: 0\)
				zone1-0000000102 \(RepLag: 0\)
$`, green)
}

// A process may be started only once, and its status says when it does not run.
func TestStartTwice(t *testing.T) {
	s, opts := load(t, "bring-up-late-gate", "v24")
	s.Workload, s.Thresholds = nil, scenario.Thresholds{}
	s.Timeline = append(s.Timeline[:4:4],
		scenario.Operation{ID: "page", After: "vtctld", Do: scenario.DoStatus, Args: scenario.Args{Target: "gate-1"}},
		scenario.Operation{ID: "one", After: "page", Do: scenario.DoStartVTTablet, Args: scenario.Args{Target: "zone1-100"}},
		scenario.Operation{ID: "two", After: "one", Do: scenario.DoStartVTTablet, Args: scenario.Args{Target: "zone1-100"}},
	)
	r := run(t, s, opts)
	require.Equal(t, "The process does not run.\n", operationOf(t, r, "page").Output)
	require.Empty(t, operationOf(t, r, "one").Error)
	require.Equal(t, "zone1-0000000100 runs already", operationOf(t, r, "two").Error)
}
