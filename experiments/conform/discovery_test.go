package conform_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/sim/explore"
)

const discoveryDir = "../../testdata/conformance/discovery/"

func loadDiscovery(t *testing.T, file string, count int) []conform.DiscoveryVector {
	t.Helper()
	vectors, err := conform.Load[conform.DiscoveryVector](discoveryDir + file)
	require.NoError(t, err)
	require.Len(t, vectors, count)
	return vectors
}

func discoveryFiles() map[string]int {
	return map[string]int{
		"hand-keyspace-events.jsonl": 51, "random-keyspace-events.jsonl.gz": 300,
		"hand-gateway.jsonl": 38, "random-gateway.jsonl.gz": 250,
	}
}

// spec: D-52, D-54..D-66, D-71, D-72, G-22..G-28, G-30, G-31
func TestDiscoverySchedules(t *testing.T) {
	for file, count := range discoveryFiles() {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			for _, v := range loadDiscovery(t, file, count) {
				r := conform.CheckDiscovery(v, conform.Recorded(), nil, "default")
				require.True(t, r.Passed, r.String())
			}
		})
	}
}

// The recorded outcomes do not depend on the order in which goroutines ran.
func TestDiscoverySchedulesUnderOtherOrders(t *testing.T) {
	for file, count := range discoveryFiles() {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			for i, v := range loadDiscovery(t, file, count) {
				r := conform.CheckDiscovery(v, conform.Recorded(), explore.NewRandom(uint64(i), true), "random")
				require.True(t, r.Passed, r.String())
			}
		})
	}
}
