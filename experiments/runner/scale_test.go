package runner_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim"
)

// scale is a cluster of 200 tablets in three cells and 32 shards, each of which is reparented
// once, a new one beginning every quarter of a second.
func scale(t testing.TB) *scenario.Scenario {
	t.Helper()
	s, err := scenario.LoadFile("testdata/scale.yaml", scenario.VitessOptions())
	require.NoError(t, err)
	tablets := 0
	for _, k := range s.Cluster.Keyspaces {
		for _, shard := range k.Shards {
			tablets += len(shard.Tablets)
			n := len(s.Timeline)
			s.Timeline = append(s.Timeline, scenario.Operation{
				ID: fmt.Sprintf("prs%d", n), At: at(5*time.Second + time.Duration(n)*250*time.Millisecond),
				Do: scenario.DoPlannedReparentShard, Outcome: scenario.OutcomeSuccess,
				Args: scenario.Args{Keyspace: k.Name, Shard: shard.Name},
			})
		}
	}
	s.Until = scenario.UntilTimeline
	require.Equal(t, 200, tablets)
	require.Len(t, s.Timeline, 32)
	return s
}

// All reparents of a large cluster succeed, and no client sees one, but for who asks in the very
// instant in which a gate hears of the new primary: that one may get Vitess's own error. The time
// limit is thirty times what a run takes, for slow machines. spec: G-44
func TestScale(t *testing.T) {
	began := time.Now()
	r := run(t, scale(t), runner.Options{Invariants: invariant.All()})
	for i := range r.Operations {
		require.True(t, r.Operations[i].AsExpected, r.Operations[i].Error)
	}
	require.Empty(t, r.Findings())
	require.LessOrEqual(t, r.Statements.Errors, 3)
	for _, e := range r.Errors {
		require.Contains(t, e.Text, "inconsistent state detected, primary is serving but initially found no available tablet")
	}
	require.Less(t, time.Since(began), 90*time.Second)
}

// BenchmarkScale plays the large cluster on one core.
func BenchmarkScale(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := scale(b)
	pool := sim.NewPool()
	defer pool.Close()
	steps, seed, peak := uint64(0), uint64(0), uint64(0)
	for b.Loop() {
		seed++
		r, err := runner.Run(s, runner.Options{Seed: seed, Pool: pool})
		if err != nil {
			b.Fatal(err)
		}
		steps += r.Steps
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapSys-m.HeapReleased)
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
	b.ReportMetric(float64(peak), "peak-heap-B")
}
