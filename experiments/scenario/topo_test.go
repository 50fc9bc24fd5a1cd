package scenario_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
)

// Naming the default topology service changes nothing; another one is another
// scenario. spec: O-44
func TestTopoDefault(t *testing.T) {
	source, err := scenario.BuiltinSource(scenario.DefaultName)
	require.NoError(t, err)
	load := func(topo string) *scenario.Scenario {
		text := strings.Replace(string(source), "\ncluster:\n", "\ncluster:\n"+topo, 1)
		s, err := scenario.Load("test.yaml", []byte(text), scenario.VitessOptions())
		require.NoError(t, err)
		return s
	}
	plain, named, other := load(""), load("  topo: {implementation: etcd2}\n"), load("  topo: {implementation: consul}\n")
	require.Equal(t, plain.Hash(), named.Hash())
	require.Equal(t, "etcd2", plain.Cluster.Topo.Name())
	require.NotEqual(t, plain.Hash(), other.Hash())
	require.Equal(t, "consul", other.Cluster.Topo.Name())
}
