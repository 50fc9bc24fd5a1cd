package scenario

import "bufsim/sim/fault"

// Faults that leave a shard in a state that is found in the field. Nothing takes them back.
const (
	FaultBreakApplier = "break-applier"
	FaultWriteErrant  = "write-errant"
	FaultSwitchMySQL  = "switch-mysql"
)

func stateFaults() fault.Table {
	servers := sorts(TargetTablet, TargetPrimary, TargetReplicas, TargetCell)
	return fault.Table{
		{
			Name: FaultBreakApplier, Target: fault.Required, Blocks: true, Sorts: servers,
			Meaning: "The replica's SQL thread stops with an error, also whenever it is started; it still receives and acknowledges.",
			Example: "at 2s break-applier zone1-102",
		},
		{
			Name: FaultWriteErrant, Target: fault.Required, Blocks: true, Sorts: servers,
			Meaning: "The replica gets a transaction of its own and stops replicating.",
			Example: "at 2s write-errant zone1-102",
		},
		{
			Name: FaultSwitchMySQL, Target: fault.Required, Blocks: true, Sorts: sorts(TargetTablet),
			Meaning: "A tool other than Vitess makes the tablet's MySQL the writable one: the old primary's gets read-only, this one catches up, drops its replication and takes over the semi-sync side.",
			Example: "at 6s switch-mysql zone1-101",
		},
	}
}
