package runner_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// What no reparent repairs, the operator of a recovery does: he rebuilds servers whose data do
// not fit. Afterwards everything holds, without an excuse.
//
// spec: R-102a
func TestRecoveryRebuilds(t *testing.T) {
	for _, c := range []struct {
		name, faults string
	}{
		{"a replica with a transaction of its own", "at 3s write-errant zone1-102\n"},
		{"a replica that cannot apply", "at 3s break-applier zone1-101\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, opts := load(t, scenario.DefaultName, "v24")
			s.Timeline, s.Duration, s.Recovery = nil, scenario.Duration(20*time.Second), scenario.Duration(time.Minute)
			s.Thresholds, s.Cluster.Keyspaces[0].Durability = scenario.Thresholds{}, scenario.DurabilitySemiSync
			plan, err := fault.ParsePlan(c.faults, scenario.FaultKinds())
			require.NoError(t, err)
			for _, f := range plan {
				s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
			}
			rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(invariant.KindRecovery)}})
			opts.Seed, opts.Invariants, opts.Sink = 1, invariant.All(), rec
			r := run(t, s, opts)
			for _, v := range r.Violations {
				require.NotContains(t, v.Invariant, "live-", v.String())
			}
			require.True(t, slices.ContainsFunc(rec.Events(), func(e trace.Event) bool { return e.Text("what") == "rebuild" }))
		})
	}
}
