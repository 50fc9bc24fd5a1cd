package explain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// What decides over a failover is told in words with its rules; calls and logs are not.
// spec: B-18, B-24, B-36, B-43, B-46, T-31
func TestEventsAreTold(t *testing.T) {
	s := setting(t, "default", "buffer-window=1s")
	outage(3_000_000_000)(t, &s)
	rec := trace.NewRecorder(trace.Filter{})
	_, err := runner.Run(s.Scenario, runner.Options{Seed: s.Seed, Release: s.Release, Flags: s.Flags, Sink: rec})
	require.NoError(t, err)
	rules, told := map[string]bool{}, map[string]string{}
	for _, e := range rec.Events() {
		l, ok := explain.Tell(&e)
		family, _, _ := strings.Cut(string(e.Kind), ".")
		if family == "net" || family == "log" || family == "gateway" {
			require.False(t, ok, "%s", e.Kind)
		}
		if !ok {
			continue
		}
		require.Equal(t, sim.Time(e.Time), l.At)
		require.NotContains(t, l.Text, "%!")
		told[string(e.Kind)] = l.Text
		for _, r := range l.Rules {
			rules[r] = true
		}
	}
	for _, r := range []string{"B-18", "B-24", "B-36", "B-43", "T-31"} {
		require.True(t, rules[r], r)
	}
	require.Contains(t, told["buffer.evicted"], "leaves the queue after 1s: its window is over")
	require.Contains(t, told["reparent.phase"], "PlannedReparentShard commerce/0")
	require.Contains(t, told["mysqld.read_only"], "MySQL of zone1-")
	require.Contains(t, told["topo.shard"], "names the primary")
}
