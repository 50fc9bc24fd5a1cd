package hunt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
)

// A chain is about the gates, shards and tablets of its finding: a shard's tablets belong to it,
// and what is about no shard concerns all.
func TestWhatAChainIsAbout(t *testing.T) {
	s, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	require.NoError(t, err)
	in := &Input{Scenario: s}
	event := func(host string, fields ...trace.Field) *trace.Event { return &trace.Event{Host: host, Fields: fields} }
	shard := func(name string) trace.Field { return trace.Str("shard", name) }

	a := aboutOf(&Finding{Object: "gate-1 commerce/0"}, in)
	require.True(t, a.concerns(event("gate-1", trace.Str("keyspace", "commerce"), shard("0"))))
	require.False(t, a.concerns(event("gate-1", trace.Str("keyspace", "commerce"), shard("80-"))), "another shard")
	require.False(t, a.concerns(event("gate-2", trace.Str("keyspace", "commerce"), shard("0"))), "another gate")
	require.True(t, a.concerns(event("zone1-0000000101")), "a tablet of the shard")
	require.True(t, a.concerns(event("mysqld-zone1-0000000101")), "and its MySQL server")
	require.False(t, a.concerns(event("zone1-0000000301")), "a tablet of nobody")
	require.True(t, a.concerns(event("vtctld", shard("commerce/0"))))
	require.False(t, a.concerns(event("vtctld", shard("commerce/80-"))))

	a = aboutOf(&Finding{Object: "zone1-0000000102"}, in)
	require.Equal(t, []string{"commerce/0"}, a.shards, "the tablet's")
	require.True(t, a.concerns(event("zone1-0000000100")))

	a = aboutOf(&Finding{Object: "locks"}, in)
	require.True(t, a.concerns(event("gate-2", shard("commerce/80-"))), "about nothing of that sort")
}
