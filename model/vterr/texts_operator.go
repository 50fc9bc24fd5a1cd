package vterr

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// What operators see of the processes that they start, and what the new client prints when
// a command has worked. The old client prints nothing then, except NewVSchema.

// glogTime is how glog prints an instant.
const glogTime = "0102 15:04:05.000000"

// FatalLine is the last line in the log of a process that cannot start, at wall (nanoseconds
// since 1970); file is the process's own. A topology that cannot be opened is told by the file
// that all processes share. MODEL: the number of the process, and the line in its own file,
// are always 1. spec: O-83
func FatalLine(wall int64, file string, err error) string {
	place := file + ":1"
	if strings.HasPrefix(err.Error(), "Failed to open topo server") {
		place = "server.go:223"
	}
	return fmt.Sprintf("F%s %7d %s] %v\n", time.Unix(0, wall).UTC().Format(glogTime), 1, place, err)
}

// VTCtldRefused is the error of a command while no vtctld runs.
func VTCtldRefused() *RPCError { return DialRefused("vtctld:15999") }

// CellCreated follows AddCellInfo.
func CellCreated(cell string) string { return "Created cell: " + cell + "\n" }

// KeyspaceCreated follows CreateKeyspace. spec: O-46
func KeyspaceCreated(name, durability, sidecar string) string {
	record := struct {
		Name     string `json:"name"`
		Keyspace any    `json:"keyspace"`
	}{name, struct {
		Type            string  `json:"keyspace_type"`
		BaseKeyspace    string  `json:"base_keyspace"`
		SnapshotTime    *string `json:"snapshot_time"`
		Durability      string  `json:"durability_policy"`
		ThrottlerConfig *string `json:"throttler_config"`
		Sidecar         string  `json:"sidecar_db_name"`
	}{Type: "NORMAL", Durability: durability, Sidecar: sidecar}}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		panic(err) // nothing but texts
	}
	return fmt.Sprintf("Successfully created keyspace %s. Result:\n%s\n", name, text)
}

// VSchemaApplied follows ApplyVSchema, with both clients.
func VSchemaApplied(vschema string) string {
	return "New VSchema object:\n" + vschema + "\nIf this is not what you expected, check the input data (as JSON parsing will skip unexpected fields).\n"
}

// VSchemaGraphRebuilt follows RebuildVSchemaGraph.
const VSchemaGraphRebuilt = "RebuildVSchemaGraph: ok\n"

// KeyspaceGraphFailed is the new client's error of RebuildKeyspaceGraph.
func KeyspaceGraphFailed(keyspace string, err error) error {
	return fmt.Errorf("RebuildKeyspaceGraph(%s) failed: %w", keyspace, err)
}

// TabletsDeleted follows DeleteTablets, TabletsNotDeleted is its error.
func TabletsDeleted(n int) string { return fmt.Sprintf("Successfully deleted %d tablets\n", n) }

// TabletsNotDeleted is the new client's error of DeleteTablets.
func TabletsNotDeleted(err error, n int) error {
	return fmt.Errorf("%w: while deleting %d tablets; please inspect the topo", err, n)
}

// DeletesPrimary refuses to delete the record of a shard's primary.
func DeletesPrimary(alias string) error {
	return fmt.Errorf("cannot delete tablet %s as it is a primary, pass AllowPrimary = true", alias)
}
