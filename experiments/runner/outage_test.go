package runner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// The topology outages of the matrix: the global server, that of the cell, or both.
var outages = map[string][]string{"G": {"topo:global"}, "C": {"topo:zone1"}, "B": {"topo:global", "topo:zone1"}}

// withOutage is the default cluster, whose cell has a topology server of its own, with an
// outage from 5 s on, for ever if length is zero, and no reparent.
func withOutage(t testing.TB, which string, length time.Duration) (*scenario.Scenario, runner.Options) {
	t.Helper()
	s, opts := load(t, "default", "v24")
	s.Cluster.Topo.CellServers = true
	s.Timeline, opts.Seed = nil, 1
	lasting := ""
	if length > 0 {
		lasting = " for " + length.String()
	}
	for _, target := range outages[which] {
		addFault(t, s, "at 5s crash "+target+lasting)
	}
	return s, opts
}

func addFault(t testing.TB, s *scenario.Scenario, line string) {
	t.Helper()
	f, err := fault.Parse(line, scenario.FaultKinds())
	require.NoError(t, err)
	s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
}

// What runs goes on: gates serve from their watches, tablets from what they know, and no
// client notices. spec: topo 12, O-61, O-25
func TestOutageOfWhatRuns(t *testing.T) {
	for which := range outages {
		s, opts := withOutage(t, which, 0)
		s.Duration = scenario.Duration(2 * time.Minute)
		r := run(t, s, opts)
		require.False(t, r.Finding, "%s: %s", which, r.Verdict)
		require.Greater(t, r.Statements.OK, 800, which)
	}
}

// With the topology down for any part of a run, whatever the seed and the load, the error rate
// of healthy shards is zero. spec: I-O5
func TestOutageIsNotFelt(t *testing.T) {
	rapid.Check(t, func(x *rapid.T) {
		s, opts := withOutage(t, rapid.SampledFrom([]string{"G", "C", "B"}).Draw(x, "which"), 0)
		begin := rapid.IntRange(0, 20_000).Draw(x, "begin")
		for i := range s.Faults {
			s.Faults[i].When.At = time.Duration(begin) * time.Millisecond
			s.Faults[i].For = time.Duration(rapid.IntRange(0, 40_000).Draw(x, "for")) * time.Millisecond
		}
		s.Workload[0].Closed.Clients = rapid.IntRange(1, 20).Draw(x, "clients")
		s.Duration = scenario.Duration(30 * time.Second)
		opts.Seed = rapid.Uint64Range(1, 1000).Draw(x, "seed")
		r := run(t, s, opts)
		require.False(x, r.Finding, r.Verdict)
		require.Zero(x, r.Statements.Errors)
		require.Positive(x, r.Statements.OK)
	})
}

// Processes that start: who needs the global server exits at once, who needs the cell's when it
// reads there; vtctld needs none of a cell. spec: topo 12, O-66, O-83
func TestOutageOfStarts(t *testing.T) {
	const opening = "Failed to open topo server (etcd2,topo:2379,/vitess/global): context deadline exceeded"
	for which, want := range map[string][3]string{
		"G": {opening, opening, opening},
		"C": {
			"",
			"rebuildTopoGraphs failed: failed to read SrvKeyspace: failed to create topo connection to topo-zone1:2379, /vitess/zone1: context deadline exceeded",
			"initKeyspaceShardTopo: failed to read SrvKeyspace: failed to create topo connection to topo-zone1:2379, /vitess/zone1: context deadline exceeded",
		},
		"B": {opening, opening, opening},
	} {
		s, opts := withOutage(t, which, 0)
		s.Workload, s.Thresholds = nil, scenario.Thresholds{}
		s.Timeline = []scenario.Operation{
			{ID: "vtctld", At: at(8 * time.Second), Do: scenario.DoStartVTCtld},
			{ID: "stop-gate", At: at(8 * time.Second), Do: scenario.DoKill, Args: scenario.Args{Target: "gate-1"}},
			{ID: "gate", After: "stop-gate", Do: scenario.DoStartVTGate, Args: scenario.Args{Target: "gate-1"}},
			{ID: "stop-tablet", At: at(8 * time.Second), Do: scenario.DoKill, Args: scenario.Args{Target: "zone1-101"}},
			{ID: "tablet", After: "stop-tablet", Do: scenario.DoStartVTTablet, Args: scenario.Args{Target: "zone1-101"}},
		}
		s.Duration = scenario.Duration(2 * time.Minute)
		r := run(t, s, opts)
		for i, id := range []string{"vtctld", "gate", "tablet"} {
			o := operationOf(t, r, id)
			require.True(t, o.Ended, "%s %s", which, id)
			require.Equal(t, want[i], o.Error, "%s %s", which, id)
			if want[i] != "" {
				require.Contains(t, o.Output, want[i], "%s %s", which, id)
			}
		}
	}
}

// A reparent of a shard begins: without the global server it waits for the lock for 45 s and
// gives up, and without the cell's it cannot read the tablets. Nothing has changed then, and
// no client has noticed. spec: topo 12, O-33
func TestOutageBeforeAReparent(t *testing.T) {
	for which, want := range map[string]struct {
		text string
		took time.Duration
	}{
		"G": {"deadline exceeded: /vitess/global/keyspaces/commerce/shards/0", 45 * time.Second},
		"C": {"partial result", 5 * time.Second},
		"B": {"deadline exceeded: /vitess/global/keyspaces/commerce/shards/0", 45 * time.Second},
	} {
		s, opts := withOutage(t, which, 0)
		s.Timeline = []scenario.Operation{prs("prs", 8*time.Second)}
		s.Duration = scenario.Duration(90 * time.Second)
		r := run(t, s, opts)
		o := operationOf(t, r, "prs")
		require.Contains(t, o.Error, want.text, which)
		require.InDelta(t, want.took, o.End.Sub(o.Start), float64(500*time.Millisecond), which)
		require.Zero(t, o.Outage, which)
		require.Zero(t, r.Statements.Errors, which)
	}
}

func prs(id string, begin time.Duration) scenario.Operation {
	return scenario.Operation{
		ID: id, At: at(begin), Do: scenario.DoPlannedReparentShard, Outcome: scenario.OutcomeAny,
		Args: scenario.Args{Keyspace: "commerce", Shard: "0", NewPrimary: "zone1-101"},
	}
}

// If the server is back before that, the reparent goes on: measured, for one started 2 s into
// an outage of 10 s, the lock was there 5.5 s after the end. The client dials again with growing
// pauses of its own. spec: topo 12, O-36a
func TestReparentWaitsForTheTopology(t *testing.T) {
	late := map[time.Duration]bool{}
	for seed := uint64(1); seed <= 10; seed++ {
		s, opts := withOutage(t, "G", 10*time.Second)
		opts.Seed = seed
		s.Timeline = []scenario.Operation{prs("prs", 7*time.Second)}
		s.Duration = scenario.Duration(60 * time.Second)
		r := run(t, s, opts)
		o := operationOf(t, r, "prs")
		require.Empty(t, o.Error)
		require.Zero(t, r.Statements.Errors)
		locked := o.Phases[0].End.Duration() - 15*time.Second // after the end of the outage
		require.Greater(t, locked, time.Duration(0), "seed %d", seed)
		require.Less(t, locked, 9*time.Second, "seed %d", seed) // 0.6 of the outage, and the lock's own steps
		late[locked.Round(time.Second)] = true
	}
	require.Greater(t, len(late), 1, "the pauses are not drawn")
}

// The outage begins when the old primary is demoted and nobody is promoted: the reparent hangs
// in its test of the lock, no timeout undoes the demotion, and writes are out for the outage,
// the client's pause and the promotion. Then it succeeds. spec: topo 12, O-36, O-36a
func TestOutageBetweenDemotionAndPromotion(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		s, opts := withOutage(t, "G", 0)
		s.Faults, opts.Seed = nil, seed
		addFault(t, s, "when reparent.phase phase=demotion what=end crash topo:global for 20s")
		s.Timeline = []scenario.Operation{prs("prs", 8*time.Second)}
		s.Duration = scenario.Duration(90 * time.Second)
		s.Thresholds = scenario.Thresholds{}
		r := run(t, s, opts)
		o := operationOf(t, r, "prs")
		require.Empty(t, o.Error)
		took := o.End.Sub(o.Start)
		require.Greater(t, took, 20*time.Second, "seed %d", seed)
		require.Less(t, took, 45*time.Second, "seed %d", seed) // 39 s were measured
		require.Greater(t, o.Outage, 20*time.Second, "seed %d", seed)
	}
}

// The new primary cannot write its tablet record while the cell's server is down, and is not
// promoted before: a short outage only delays it, a longer one makes the reparent fail with
// nobody serving. spec: topo 12, O-71
func TestCellOutageBetweenDemotionAndPromotion(t *testing.T) {
	for length, fails := range map[string]bool{"3s": false, "1m": true} {
		s, opts := withOutage(t, "C", 0)
		s.Faults, s.Thresholds = nil, scenario.Thresholds{}
		addFault(t, s, "when reparent.phase phase=demotion what=end crash topo:zone1 for "+length)
		s.Timeline = []scenario.Operation{prs("prs", 8*time.Second)}
		s.Duration = scenario.Duration(90 * time.Second)
		r := run(t, s, opts)
		o := operationOf(t, r, "prs")
		if fails {
			require.Contains(t, o.Error, "failed PromoteReplica(primary=zone1-0000000101")
			require.Positive(t, r.Statements.Errors)
			continue
		}
		require.Empty(t, o.Error)
		require.Greater(t, o.Outage, 3*time.Second)
	}
}

// The outage begins when the new primary is promoted: it serves, held requests go to it, no
// client has an error. The shard record is stale until the primary's loop tries again.
// spec: topo 12, O-72
func TestOutageAfterPromotion(t *testing.T) {
	for which := range outages {
		s, opts := withOutage(t, which, 0)
		s.Faults = nil
		for _, target := range outages[which] {
			addFault(t, s, fmt.Sprintf("when reparent.phase phase=promotion what=end crash %s for 10s", target))
		}
		s.Timeline = []scenario.Operation{prs("prs", 8*time.Second)}
		s.Duration = scenario.Duration(90 * time.Second)
		r, writes := records(t, s, opts)
		require.Zero(t, r.Statements.Errors, which)
		require.Positive(t, r.Gates[0].Sum("vtgate_buffer_requests_drained"), which)
		require.Equal(t, 3, strings.Count(strings.Join(writes, "\n"), "put G shards/0/Shard"), which) // made, first and second term
	}
}
