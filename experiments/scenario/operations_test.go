package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The operator's other commands, with their short names.
func TestReparentOperations(t *testing.T) {
	two := strings.Replace(minimal, "tablets: [{type: primary}, {}]", "tablets: [{type: primary, alias: zone1-100}, {alias: zone1-101}]", 1)
	s := mustLoad(t, two+`timeline:
  - {at: 1s, do: ers, args: {new_primary: zone1-101}}
  - {at: 2s, do: ter, args: {target: zone1-101}}
  - {at: 3s, do: init_shard_primary, args: {new_primary: zone1-100, force: true}}
  - {at: 4s, do: set_writable, args: {target: "primary:ks/0", value: false}}
`)
	require.Equal(t, DoEmergencyReparentShard, s.Timeline[0].Do)
	require.Equal(t, "ks", s.Timeline[0].Args.Keyspace)
	require.Equal(t, DoTabletExternallyReparented, s.Timeline[1].Do)
	require.True(t, s.Timeline[2].Args.Force)
	require.False(t, *s.Timeline[3].Args.Value)

	for line, mistake := range map[string]string{
		"{at: 1s, do: ter}": "tablet_externally_reparented needs target",
		"{at: 1s, do: ter, args: {target: \"primary:ks/0\"}}":             "tablet_externally_reparented cannot act on",
		"{at: 1s, do: init_shard_primary}":                                "init_shard_primary needs new_primary",
		"{at: 1s, do: set_writable, args: {target: zone1-100}}":           "set_writable needs value",
		"{at: 1s, do: ers, args: {avoid_primary: zone1-100}}":             "emergency_reparent_shard takes no avoid_primary",
		"{at: 1s, do: ers, args: {new_primary: zone1-107}}":               "has no tablet",
		"{at: 1s, do: set_writable, args: {target: gate-1, value: true}}": "set_writable cannot act on",
	} {
		_, err := Load("test.yaml", []byte(two+"timeline:\n  - "+line+"\n"), Options{})
		require.ErrorContains(t, err, mistake, line)
	}
}
