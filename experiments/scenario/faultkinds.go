package scenario

import "bufsim/sim/fault"

// The names of the kinds that know Vitess and MySQL.
const (
	FaultRestart     = "restart"
	FaultStopApplier = "stop-applier"
	FaultSetDelay    = "set-delay"
	FaultSlowDisk    = "slow-disk"
	FaultStallDisk   = "stall-disk"
	FaultSetWritable = "set-writable"
	FaultDropHealth  = "drop-health"
	FaultHoldHealth  = "hold-health"
	FaultPRS         = "prs"
	FaultERS         = "ers"
)

func vitessFaults() fault.Table {
	servers := sorts(TargetTablet, TargetPrimary, TargetReplicas, TargetCell)
	shard := sorts(TargetShard)
	reparent := []fault.ArgSpec{{Name: "to", Form: fault.Word, Meaning: "the tablet to promote"}}
	return fault.Table{
		{
			Name: FaultRestart, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: processSorts(),
			Meaning: "The process gets SIGTERM and ends in good order; after its time, or at once, it starts again.",
			Example: "when buffer.start restart gate-1",
		},
		{
			Name: FaultStopApplier, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: servers,
			Meaning: "The replica's SQL thread stops.",
			Example: "at 2s stop-applier zone1-101 for 10s",
		},
		{
			Name: FaultSetDelay, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: servers,
			Args:    []fault.ArgSpec{{Name: "delay", Form: fault.Duration, Required: true, Meaning: "how much later than its source the replica applies"}},
			Meaning: "The replica applies later.",
			Example: "at 2s set-delay replicas:commerce/0 delay 8s",
		},
		{
			Name: FaultSlowDisk, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: servers,
			Args: []fault.ArgSpec{
				{Name: "factor", Form: fault.Number, Meaning: "how many times as long its disk takes"},
				{Name: "add", Form: fault.Duration, Meaning: "what comes on top"},
			},
			Meaning: "MySQL's disk takes longer: statements, commits, the relay log, applying.",
			Example: "at 2s slow-disk primary:commerce/0 factor 10 add 200ms for 10s",
		},
		{
			Name: FaultStallDisk, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: servers,
			Meaning: "What writes to MySQL's disk hangs; reads go on.",
			Example: "at 6s stall-disk primary:commerce/0 for 15s",
		},
		{
			Name: FaultSetWritable, Target: fault.Required, Blocks: true, Sorts: servers,
			Args:    []fault.ArgSpec{{Name: "value", Form: fault.Word, Words: []string{"true", "false"}, Required: true, Meaning: "whether MySQL accepts writes"}},
			Meaning: "The operator makes the tablet's MySQL accept or refuse writes.",
			Example: "at 6s set-writable primary:commerce/0 value false",
		},
		{
			Name: FaultDropHealth, Target: fault.Required, Peer: fault.Optional, For: fault.Optional, Machine: true, Sorts: servers,
			Meaning: "The tablet's health messages get lost, to the peer or to all gates; its streams and its queries go on.",
			Example: "at 5s drop-health zone1-101 peer gate-1 for 10s",
		},
		{
			Name: FaultHoldHealth, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: servers,
			Meaning: "The tablet's health streams stand still; what they had to say comes when it is over, or they break.",
			Example: "at 5s hold-health primary:commerce/0 for 3s",
		},
		{
			Name: FaultPRS, Target: fault.Required, Sorts: shard, Args: reparent,
			Meaning: "One more PlannedReparentShard.",
			Example: "when reparent.phase phase=demotion what=begin prs commerce/0 to zone1-102",
		},
		{
			Name: FaultERS, Target: fault.Required, Sorts: shard, Args: reparent,
			Meaning: "An EmergencyReparentShard.",
			Example: "at 8s ers commerce/0",
		},
	}
}
