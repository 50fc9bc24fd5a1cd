package scenario

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim/fault"
)

// Each kind has an example that is in the canonical form and fits the default scenario, and
// names what it can act on.
func TestFaultKinds(t *testing.T) {
	s, err := Builtin(DefaultName, VitessOptions())
	require.NoError(t, err)
	kinds := FaultKinds()
	seen := map[string]bool{}
	for _, k := range kinds {
		require.False(t, seen[k.Name], k.Name)
		seen[k.Name] = true
		f, err := fault.Parse(k.Example, kinds)
		require.NoError(t, err)
		require.Equal(t, k.Example, f.String())
		require.Equal(t, k.Name, f.Do)
		require.NotEmpty(t, k.Sorts, k.Name)
		require.NotEmpty(t, k.Meaning)
		require.Nil(t, s.CheckFault(&f), k.Example)
	}
}

// Each pattern gives, with its defaults, a plan that fits the default scenario; its
// parameters all matter.
func TestFaultPatterns(t *testing.T) {
	s, err := Builtin(DefaultName, VitessOptions())
	require.NoError(t, err)
	names := map[string]bool{}
	for _, p := range FaultPatterns() {
		require.False(t, names[p.Name], p.Name)
		names[p.Name] = true
		plan, err := p.Plan(FaultKinds())
		require.NoError(t, err, p.Name)
		require.Len(t, plan, len(p.Lines))
		for _, f := range plan {
			require.Nil(t, s.CheckFault(&f), p.Name)
		}
		for _, param := range p.Params {
			changed := p
			changed.Params = nil
			for _, other := range p.Params {
				if other != param {
					changed.Params = append(changed.Params, other)
				}
			}
			again, err := changed.Plan(FaultKinds()) // {name} may pass for a target
			require.True(t, err != nil || again.String() != plan.String(), "%s does not use %s", p.Name, param.Name)
		}
	}
	for _, name := range []string{
		"partition-pair", "isolate", "asymmetric", "clog", "swizzle-clog", "slow-disk", "paused-process", "frozen-mysqld", "clock-step",
		"clock-drift", "dropped-health-stream", "stale-watch", "topo-down-during-prs", "crash-at-step", "double-prs",
		"prs-to-lagging-replica", "gate-restart-mid-buffer", "client-give-up-storm",
	} {
		require.True(t, names[name], name)
	}
}

func TestPatternParameters(t *testing.T) {
	p := FaultPatterns()[0]
	require.Equal(t, "asymmetric", p.Name)
	plan, err := p.Plan(FaultKinds(), fault.Arg{Name: "peer", Value: "topo"}, fault.Arg{Name: "for", Value: "1m"})
	require.NoError(t, err)
	require.Equal(t, "at 6s partition primary:commerce/0 peer topo way out for 1m0s\n", plan.String())
	_, err = p.Plan(FaultKinds(), fault.Arg{Name: "pear", Value: "topo"})
	require.EqualError(t, err, `the pattern asymmetric has no parameter "pear"; did you mean "peer"? allowed: target, peer, at, for`)
	_, err = p.Plan(FaultKinds(), fault.Arg{Name: "for", Value: "long"})
	require.ErrorContains(t, err, `"long" is not a duration`)
}
