package runner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
)

// The scenarios of the guide keep all invariants, on releases with different code paths, and
// watching them changes neither the run nor its result.
func TestScenariosKeepInvariants(t *testing.T) {
	for _, name := range scenario.Names() {
		releases := []string{"v13", "v24", "v12", "v15", "v17", "v18", "v19", "v21", "v22", "main"}
		for _, rel := range releases[:often(2, len(releases))] {
			for seed := uint64(1); seed <= uint64(often(1, 20)); seed++ {
				s, opts := load(t, name, rel)
				opts.Seed = seed
				plain := run(t, s, opts)
				opts.Invariants = invariant.All()
				watched := run(t, s, opts)
				require.Equal(t, len(invariant.All()), watched.Checked)
				require.Empty(t, watched.Violations, "%s on %s, seed %d", name, rel, seed)
				watched.Checked = 0
				require.Equal(t, text(t, plain), text(t, watched), "watching changes the run")
			}
		}
	}
}

// A violation is a finding; one that is excused is told and is none.
func TestViolationsAreFindings(t *testing.T) {
	s, opts := load(t, "default", "v24")
	for excuse, finding := range map[string]bool{"": true, "because": false} {
		opts.Invariants = []invariant.Invariant{broken(excuse)}
		r := run(t, s, opts)
		require.Len(t, r.Violations, 1)
		require.Equal(t, "never", r.Violations[0].Invariant)
		require.Equal(t, finding, r.Finding)
		require.Equal(t, finding, len(r.Findings()) == 1)
	}
	require.Contains(t, run(t, s, runner.Options{Seed: 1, Invariants: []invariant.Invariant{broken("")}}).Verdict, "the invariant never did not hold for the world")
}

// broken is an invariant that does not hold in any run.
func broken(excuse string) invariant.Invariant {
	return invariant.Invariant{
		ID: "never", Meaning: "Nothing happens.", Kinds: []string{"host"},
		New: func(invariant.Facts) invariant.Checker { return &pessimist{excuse: excuse} },
	}
}

type pessimist struct {
	list []invariant.Violation

	excuse string
}

func (p *pessimist) Finish(end invariant.End) {
	p.list = append(p.list, invariant.Violation{Object: "the world", At: end.Time, Count: 1, Excused: p.excuse})
}

// After a recovery everything serves, also where the run itself ends in ruins.
func TestRecovery(t *testing.T) {
	for name, timeline := range map[string][]scenario.Operation{
		"nothing":        nil,
		"network":        {{ID: "cut", At: at(3 * time.Second), Do: scenario.DoPartition, Args: scenario.Args{Target: "gate:gate-1"}}},
		"primary killed": {{ID: "kill", At: at(3 * time.Second), Do: scenario.DoKill, Args: scenario.Args{Target: "primary:commerce/0", Component: scenario.ComponentHost}}},
		"too late": {
			{ID: "prs", At: at(3 * time.Second), Do: scenario.DoPlannedReparentShard},
			{ID: "late", After: "prs", Wait: scenario.Duration(time.Minute), Do: scenario.DoKill, Args: scenario.Args{Target: "topo:global"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, opts := load(t, "default", "v24")
			s.Timeline, s.Duration, s.Recovery = timeline, scenario.Duration(10*time.Second), scenario.Duration(time.Minute)
			s.Thresholds = scenario.Thresholds{}
			opts.Seed, opts.Invariants = 1, invariant.All()
			r := run(t, s, opts)
			require.Empty(t, r.Findings(), fmt.Sprint(r.Violations))
			require.Equal(t, "stopped", r.Ended)
			require.Greater(t, r.Time, 90*time.Second)
		})
	}
}

func (p *pessimist) Record(trace.Event)                {}
func (p *pessimist) Violations() []invariant.Violation { return p.list }
