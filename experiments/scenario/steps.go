package scenario

import "time"

// Steps are the durations of single steps inside tablets and topology servers.
//
// spec: R-90
type Steps struct {
	SuperReadOnly    Dist `json:"super_read_only" jsonschema:"SET GLOBAL super_read_only"`
	StopReplication  Dist `json:"stop_replication" jsonschema:"STOP REPLICA"`
	StartReplication Dist `json:"start_replication" jsonschema:"START REPLICA"`
	ResetReplication Dist `json:"reset_replication" jsonschema:"RESET REPLICA ALL"`
	FlushBinaryLogs  Dist `json:"flush_binary_logs" jsonschema:"FLUSH BINARY LOGS"`
	// PromoteDelay comes on top of the steps of a promotion; a way to choose
	// the length of an outage.
	PromoteDelay     Dist `json:"promote_delay" jsonschema:"extra time of a promotion"`
	ServeTransition  Dist `json:"serve_transition" jsonschema:"becoming a serving primary"`
	ChangeSource     Dist `json:"change_source" jsonschema:"CHANGE REPLICATION SOURCE TO"`
	ReplicaReconnect Dist `json:"replica_reconnect" jsonschema:"a replica connects to its source"`
	LocalTopoWrite   Dist `json:"local_topo_write" jsonschema:"a write to a cell's topology server"`
	GlobalTopoWrite  Dist `json:"global_topo_write" jsonschema:"a write to the global topology server"`
}

// setDefaults takes the steps from planned reparents that were measured on a real cluster
// under light traffic: the median of each, a width from the quartiles, a tail up to the longest.
// Package groundtruth derives them from the records and holds these values to it. No record
// tells RESET REPLICA ALL apart from the step before it; its time is the specification's. What
// takes longest under semi-sync is no step: the second that MySQL needs to switch it off
// follows from when replicas connect and acknowledge (see SemiSyncSwitchPoll).
func (s *Steps) setDefaults(*decoder) {
	const ms, us = time.Millisecond, time.Microsecond
	*s = Steps{
		SuperReadOnly:    Lognormal(1500*us, 5*ms).WithLongest(6500 * us),
		StopReplication:  Lognormal(9*ms, 27*ms).WithLongest(459 * ms),
		StartReplication: Lognormal(9*ms, 25500*us).WithLongest(27 * ms),
		ResetReplication: Lognormal(5*ms, 50*ms),
		FlushBinaryLogs:  Lognormal(7*ms, 23*ms).WithLongest(121 * ms),
		PromoteDelay:     Constant(0),
		ServeTransition:  Lognormal(16*ms, 56500*us).WithLongest(130 * ms),
		ChangeSource:     Lognormal(31*ms, 68*ms),
		ReplicaReconnect: Lognormal(ms, 1500*us).WithLongest(29 * ms),
		LocalTopoWrite:   Lognormal(7*ms, 12500*us).WithLongest(15 * ms),
		GlobalTopoWrite:  Lognormal(ms, 3500*us).WithLongest(12 * ms),
	}
}
