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

// nothing is a scenario that begins with nothing.
const nothing = `apiVersion: bufsim/v1
name: nothing
start: from-nothing
cluster:
  cells: [zone1, zone2]
  keyspaces: [{name: ks, durability: semi_sync, shards: [{name: "0", tablets: [{alias: zone1-100}]}]}]
`

// A cluster that begins with nothing has no primary, may have too few tablets for its policy,
// and needs no clients; its operations are checked like others. spec: O-87
func TestStartFromNothing(t *testing.T) {
	s := mustLoad(t, nothing+`timeline:
  - {at: 1s, do: add_cell_info, args: {cell: zone2}}
  - {at: 1s, do: create_keyspace}
  - {at: 2s, do: start_vtgate, args: {target: gate-1, cells_to_watch: [zone1]}, says: [ready]}
`)
	require.Equal(t, StartFromNothing, s.Start)
	require.Equal(t, "ks", s.Timeline[1].Args.Keyspace)
	require.Equal(t, []string{"ready"}, s.Timeline[2].Says)
	require.Equal(t, "CreateKeyspace", s.Timeline[1].Do.Command())
	require.Empty(t, s.Timeline[2].Do.Command())

	for line, mistake := range map[string]string{
		"{at: 1s, do: add_cell_info}":                                             "add_cell_info needs cell",
		"{at: 1s, do: add_cell_info, args: {cell: zone3}}":                        `there is no cell "zone3"`,
		"{at: 1s, do: start_vtgate, args: {target: gate-1, cells_to_watch: [a]}}": `there is no cell "a"`,
		"{at: 1s, do: start_vttablet, args: {target: gate-1}}":                    "start_vttablet cannot act on",
		"{at: 1s, do: create_keyspace, args: {keyspace: other}}":                  `there is no keyspace "other"`,
		"{at: 1s, do: start_vtctld, args: {target: gate-1}}":                      "start_vtctld takes no target",
	} {
		_, err := Load("test.yaml", []byte(nothing+"timeline:\n  - "+line+"\n"), Options{})
		require.ErrorContains(t, err, mistake, line)
	}
	_, err := Load("test.yaml", []byte(strings.Replace(nothing, "{alias: zone1-100}", "{alias: zone1-100, type: primary}", 1)), Options{})
	require.ErrorContains(t, err, "the shard ks/0 has a primary before anything runs")
}
