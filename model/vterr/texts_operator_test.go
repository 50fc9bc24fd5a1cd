package vterr_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/vterr"
)

// What operators see, to the letter. spec: O-83, O-46
func TestOperatorTexts(t *testing.T) {
	const wall = 1767225665_398087464 // 2026-01-01 00:01:05.398
	for got, want := range map[string]string{
		vterr.FatalLine(wall, "vtctld.go", errors.New("Failed to open topo server (etcd2,localhost:2379,/vitess/global): dial tcp 127.0.0.1:2379: connect: connection refused")): "F0101 00:01:05.398087       1 server.go:223] Failed to open topo server (etcd2,localhost:2379,/vitess/global): dial tcp 127.0.0.1:2379: connect: connection refused\n",
		vterr.FatalLine(wall, "vtgate.go", errors.New("cells_to_watch validation failed: cell flag must be set")):                                                                "F0101 00:01:05.398087       1 vtgate.go:1] cells_to_watch validation failed: cell flag must be set\n",
		vterr.VTCtldRefused().Error():                                  `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp vtctld:15999: connect: connection refused"`,
		vterr.CellCreated("zone1"):                                     "Created cell: zone1\n",
		vterr.VSchemaApplied("{}"):                                     "New VSchema object:\n{}\nIf this is not what you expected, check the input data (as JSON parsing will skip unexpected fields).\n",
		vterr.VSchemaGraphRebuilt:                                      "RebuildVSchemaGraph: ok\n",
		vterr.KeyspaceGraphFailed("commerce", errors.New("x")).Error(): "RebuildKeyspaceGraph(commerce) failed: x",
		vterr.TabletsDeleted(1):                                        "Successfully deleted 1 tablets\n",
		vterr.TabletsNotDeleted(errors.New("x"), 1).Error():            "x: while deleting 1 tablets; please inspect the topo",
		vterr.DeletesPrimary("zone1-0000000100").Error():               "cannot delete tablet zone1-0000000100 as it is a primary, pass AllowPrimary = true",
		vterr.KeyspaceCreated("commerce", "semi_sync", "_vt"): `Successfully created keyspace commerce. Result:
{
  "name": "commerce",
  "keyspace": {
    "keyspace_type": "NORMAL",
    "base_keyspace": "",
    "snapshot_time": null,
    "durability_policy": "semi_sync",
    "throttler_config": null,
    "sidecar_db_name": "_vt"
  }
}
`,
	} {
		require.Equal(t, want, got)
	}
}
