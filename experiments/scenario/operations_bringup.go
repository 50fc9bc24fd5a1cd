package scenario

// The operations that bring a cluster up, and the commands that look at one.
const (
	// DoStartVTCtld starts the server that carries out the operator's commands. It has to
	// reach the topology. spec: O-83
	DoStartVTCtld Do = "start_vtctld"
	// DoStartVTGate and DoStartVTTablet start processes that the cluster describes; the
	// operation ends when they serve or have given up. spec: O-66, O-83, O-75
	DoStartVTGate   Do = "start_vtgate"
	DoStartVTTablet Do = "start_vttablet"
	// DoStartVTOrc starts the VTOrc processes that the cluster describes. spec: R-140
	DoStartVTOrc Do = "start_vtorc"
	// DoAddCellInfo names a cell to the topology. spec: O-45
	DoAddCellInfo Do = "add_cell_info"
	// DoCreateKeyspace makes a keyspace with the policy of the cluster's description; the
	// first tablet makes it otherwise. spec: O-90
	DoCreateKeyspace Do = "create_keyspace"
	// DoApplySchema runs SQL on the primaries of a keyspace, DoApplyVSchema stores the
	// keyspace's VSchema and rebuilds what gates read.
	DoApplySchema  Do = "apply_schema"
	DoApplyVSchema Do = "apply_vschema"
	// DoRebuildKeyspaceGraph and DoRebuildVSchemaGraph copy the global records to the
	// cells. spec: O-54, O-56
	DoRebuildKeyspaceGraph Do = "rebuild_keyspace_graph"
	DoRebuildVSchemaGraph  Do = "rebuild_vschema_graph"
	// DoDeleteTablet deletes a tablet's record, which ends its process. spec: O-70
	DoDeleteTablet Do = "delete_tablet"
	// DoReparentTablet attaches a tablet to its shard's primary, DoStartReplication starts
	// its replication. spec
	DoReparentTablet   Do = "reparent_tablet"
	DoStartReplication Do = "start_replication"
	// DoListAllTablets and DoShardReplicationPositions print what their commands print.
	// spec
	DoListAllTablets            Do = "list_all_tablets"
	DoShardReplicationPositions Do = "shard_replication_positions"
	// DoQuery sends one statement to a gate, as the mysql client does, and prints the answer.
	DoQuery Do = "query"
	// DoStatus prints the status page of a gate or a tablet. spec: G-89
	DoStatus Do = "status"
)

// bringUpOperations are the rows of the operations above.
func bringUpOperations() []operationSpec {
	tablets := []TargetKind{TargetTablet, TargetPrimary, TargetReplicas}
	return []operationSpec{
		{do: DoStartVTCtld},
		{do: DoStartVTGate, required: []string{"target"}, optional: []string{"cells_to_watch"}, targets: []TargetKind{TargetGate}},
		{do: DoStartVTTablet, required: []string{"target"}, targets: []TargetKind{TargetTablet}},
		{do: DoStartVTOrc},
		{do: DoAddCellInfo, required: []string{"cell"}, command: "AddCellInfo"},
		{do: DoCreateKeyspace, optional: []string{"keyspace"}, command: "CreateKeyspace", onKeyspace: true},
		{do: DoApplySchema, required: []string{"sql"}, optional: []string{"keyspace"}, command: "ApplySchema", onKeyspace: true},
		{do: DoApplyVSchema, optional: []string{"keyspace"}, command: "ApplyVSchema", onKeyspace: true},
		{do: DoRebuildKeyspaceGraph, optional: []string{"keyspace", "cell"}, command: "RebuildKeyspaceGraph", onKeyspace: true},
		{do: DoRebuildVSchemaGraph, optional: []string{"cell"}, command: "RebuildVSchemaGraph"},
		{do: DoDeleteTablet, required: []string{"target"}, optional: []string{"force"}, targets: []TargetKind{TargetTablet}, command: "DeleteTablets"},
		{do: DoReparentTablet, required: []string{"target"}, targets: tablets, command: "ReparentTablet"},
		{do: DoStartReplication, required: []string{"target"}, targets: tablets, command: "StartReplication"},
		{do: DoListAllTablets, optional: []string{"cell"}, command: "GetTablets"},
		{do: DoShardReplicationPositions, optional: []string{"keyspace", "shard"}, command: "ShardReplicationPositions", reparents: true},
		{do: DoQuery, required: []string{"target", "sql"}, optional: []string{"keyspace"}, targets: []TargetKind{TargetGate}, onKeyspace: true},
		{do: DoStatus, required: []string{"target"}, targets: append([]TargetKind{TargetGate}, tablets...)},
	}
}

// Command is the vtctld command that an operation gives; empty for what the operator does
// without vtctld, and for faults.
func (do Do) Command() string {
	spec, _ := specOf(do)
	return spec.command
}
