package runner_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
	"bufsim/sim"
)

// A cluster comes up and fails over on every topology service, each in its own way.
// spec: O-1, O-44
func TestTopologyImplementations(t *testing.T) {
	hashes := map[uint64]scenario.TopoImplementation{}
	for _, name := range []scenario.TopoImplementation{"", scenario.TopoZK2, scenario.TopoConsul, scenario.TopoMemory} {
		s, opts := load(t, scenario.DefaultName, "v24")
		s.Cluster.Topo.Implementation = name
		opts.Seed = 1
		r := run(t, s, opts)
		require.Equal(t, sim.Stopped, r.Outcome.Kind, name)
		require.Zero(t, r.Statements.Errors, name)
		require.True(t, r.Operations[0].AsExpected, name)
		require.NotContains(t, hashes, r.Outcome.Hash, "%s is the same as another", name)
		hashes[r.Outcome.Hash] = name
	}
}
