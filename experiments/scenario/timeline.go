package scenario

// Operation is one thing that the operator does or that breaks.
type Operation struct {
	// ID names the operation in reports and in After; op1, op2, ... if left out.
	ID string `json:"id,omitempty" jsonschema:"name of the operation"`
	// At is the virtual time of the start. Either At or After is set.
	At *Duration `json:"at,omitempty" jsonschema:"virtual time of the start"`
	// After is the ID of an earlier operation; this one starts Wait after that
	// one has ended, whatever its outcome. Files may write `previous`.
	After string   `json:"after,omitempty" jsonschema:"start when this earlier operation has ended: its id, or previous"`
	Wait  Duration `json:"wait,omitempty" jsonschema:"pause between the end of the earlier operation and the start"`
	Do    Do       `json:"do" jsonschema:"what happens"`
	Args  Args     `json:"args,omitempty" jsonschema:"details, depending on do"`
	// Outcome is what the scenario is built to show; another one is a finding.
	Outcome Outcome `json:"outcome" jsonschema:"what the operation must end with"`
	// Says are texts that the operation's output or error must contain, else the run is a
	// finding.
	Says []string `json:"says,omitempty" jsonschema:"texts that the output or the error must contain"`
}

func (o *Operation) setDefaults(*decoder) { *o = Operation{Outcome: OutcomeAny} }

// Do is the kind of an operation.
type Do string

// The kinds.
const (
	// DoPlannedReparentShard moves the primary; files may write `prs`.
	DoPlannedReparentShard Do = "planned_reparent_shard"
	// DoEmergencyReparentShard promotes a replica without the old primary's help; files may
	// write `ers`.
	DoEmergencyReparentShard Do = "emergency_reparent_shard"
	// DoTabletExternallyReparented tells the shard that another tool has made Target its
	// primary; files may write `ter`. MySQL stays as it is.
	DoTabletExternallyReparented Do = "tablet_externally_reparented"
	// DoInitShardPrimary wipes the history of a shard and makes its first primary.
	DoInitShardPrimary Do = "init_shard_primary"
	// DoSetWritable makes the MySQL of Target accept or refuse writes.
	DoSetWritable Do = "set_writable"
	// DoStopApplier stops a replica's SQL thread for a time.
	DoStopApplier Do = "stop_applier"
	// DoKill ends a process at once; with For it comes back.
	DoKill Do = "kill"
	// DoRestart ends a process in good order and starts it again after For.
	DoRestart Do = "restart"
	// DoPause freezes a process without closing its connections.
	DoPause Do = "pause"
	// DoPartition cuts the network between Target and Peer.
	DoPartition Do = "partition"
	// DoHeal undoes what stop_applier, pause, partition and set_delay did to
	// Target, or everywhere.
	DoHeal Do = "heal"
	// DoSetDelay sets the replication delay of a replica.
	DoSetDelay Do = "set_delay"
)

// Values lists the kinds.
func (Do) Values() []string {
	var names []string
	for _, spec := range operations() {
		names = append(names, string(spec.do))
	}
	return names
}

// shortNames lists the names that files may use instead.
func (Do) shortNames() []string { return []string{"prs", "ers", "ter"} }

// expand turns a short name into the full one.
func (Do) expand(name string) string {
	switch name {
	case "prs":
		return string(DoPlannedReparentShard)
	case "ers":
		return string(DoEmergencyReparentShard)
	case "ter":
		return string(DoTabletExternallyReparented)
	default:
		return name
	}
}

// Outcome is how an operation must end.
type Outcome string

// The outcomes.
const (
	OutcomeAny     Outcome = "any"
	OutcomeSuccess Outcome = "success"
	OutcomeFailure Outcome = "failure"
)

// Values lists the outcomes.
func (Outcome) Values() []string {
	return []string{string(OutcomeAny), string(OutcomeSuccess), string(OutcomeFailure)}
}

// Args are the details of an operation; which of them an operation takes is
// told by the table in [operations].
type Args struct {
	Keyspace string    `json:"keyspace,omitempty" jsonschema:"keyspace to reparent; may be left out if there is only one"`
	Shard    ShardName `json:"shard,omitempty" jsonschema:"shard to reparent; may be left out if there is only one"`
	// NewPrimary and AvoidPrimary are aliases.
	NewPrimary   string `json:"new_primary,omitempty" jsonschema:"alias of the tablet to promote"`
	AvoidPrimary string `json:"avoid_primary,omitempty" jsonschema:"alias of the tablet that shall not be primary"`
	// WaitReplicasTimeout is nil for the release's default.
	WaitReplicasTimeout *Duration `json:"wait_replicas_timeout,omitempty" jsonschema:"how long each phase waits for replicas; the release's default if left out"`
	// Target is what the operation acts on, see [Target].
	Target    Target    `json:"target,omitempty" jsonschema:"a tablet (zone1-100), a gate (gate-1), primary:ks/shard, replicas:ks/shard, cell:name or topo:name"`
	Peer      Target    `json:"peer,omitempty" jsonschema:"other side of a partition; everything else if left out"`
	Component Component `json:"component,omitempty" jsonschema:"which process of a tablet"`
	// For is how long the effect lasts; nil is until the end or until a heal.
	For   *Duration `json:"for,omitempty" jsonschema:"how long it lasts; to the end of the run if left out"`
	Delay *Duration `json:"delay,omitempty" jsonschema:"new replication delay"`
	// Value says whether MySQL shall accept writes.
	Value *bool `json:"value,omitempty" jsonschema:"true to accept writes, false to refuse them"`
	// Force initialises a shard although it has a primary or never had one.
	Force bool `json:"force,omitempty" jsonschema:"go on although the tablet is not the shard's one primary, or delete a primary"`
	// Cell is the cell that a command is about; for rebuilds and lists empty is all cells.
	Cell string `json:"cell,omitempty" jsonschema:"cell to add, to rebuild or to list"`
	// CellsToWatch is the gate's flag for this start; the cluster's cells if left out.
	CellsToWatch []string `json:"cells_to_watch,omitempty" jsonschema:"cells whose tablets the gate uses; all cells if left out"`
	SQL          string   `json:"sql,omitempty" jsonschema:"statement to run"`
}

// Component is a process of a tablet's host.
type Component string

// The components.
const (
	ComponentVTTablet Component = "vttablet"
	ComponentMySQLD   Component = "mysqld"
	ComponentHost     Component = "host"
)

// Values lists the components.
func (Component) Values() []string {
	return []string{string(ComponentVTTablet), string(ComponentMySQLD), string(ComponentHost)}
}

// operationSpec is one row of the table of operations.
type operationSpec struct {
	do Do
	// required and optional name the arguments by their json tags.
	required, optional []string
	// targets are the kinds of targets it takes.
	targets []TargetKind
	// reparents is set for operations on a shard as a whole, onKeyspace for those on a
	// keyspace.
	reparents, onKeyspace bool
	// command is the vtctld command that the operation gives, if it gives one.
	command string
}

// operations is the table of all operations. A new one is a row here and a
// constant above.
func operations() []operationSpec {
	processes := []TargetKind{TargetTablet, TargetPrimary, TargetReplicas, TargetGate, TargetTopo}
	servers := []TargetKind{TargetTablet, TargetPrimary, TargetReplicas}
	anything := append([]TargetKind{TargetCell}, processes...)
	return append([]operationSpec{
		{
			do: DoPlannedReparentShard, reparents: true, command: "PlannedReparentShard",
			optional: []string{"keyspace", "shard", "new_primary", "avoid_primary", "wait_replicas_timeout"},
		},
		{
			do: DoEmergencyReparentShard, reparents: true, command: "EmergencyReparentShard",
			optional: []string{"keyspace", "shard", "new_primary", "wait_replicas_timeout"},
		},
		{
			do: DoTabletExternallyReparented, command: "TabletExternallyReparented",
			required: []string{"target"}, targets: []TargetKind{TargetTablet},
		},
		{
			do: DoInitShardPrimary, reparents: true, command: "InitShardPrimary", required: []string{"new_primary"},
			optional: []string{"keyspace", "shard", "force", "wait_replicas_timeout"},
		},
		{do: DoSetWritable, required: []string{"target", "value"}, targets: servers, command: "SetWritable"},
		{do: DoStopApplier, required: []string{"target"}, optional: []string{"for"}, targets: servers},
		{do: DoKill, required: []string{"target"}, optional: []string{"component", "for"}, targets: processes},
		{do: DoRestart, required: []string{"target"}, optional: []string{"component", "for"}, targets: processes},
		{do: DoPause, required: []string{"target"}, optional: []string{"component", "for"}, targets: processes},
		{do: DoPartition, required: []string{"target"}, optional: []string{"peer", "for"}, targets: anything},
		{do: DoHeal, optional: []string{"target"}, targets: anything},
		{do: DoSetDelay, required: []string{"target", "delay"}, optional: []string{"for"}, targets: servers},
	}, bringUpOperations()...)
}

// specOf returns the row of an operation; ok is false for an unknown one.
func specOf(do Do) (spec operationSpec, ok bool) {
	for _, s := range operations() {
		if s.do == do {
			return s, true
		}
	}
	return operationSpec{}, false
}
