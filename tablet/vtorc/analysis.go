package vtorc

import "bufsim/model/topodata"

// Analysis names what is wrong, in VTOrc's words.
type Analysis string

// The analyses.
// spec
const (
	DeadPrimary                          Analysis = "DeadPrimary"
	DeadPrimaryAndSomeReplicas           Analysis = "DeadPrimaryAndSomeReplicas"
	DeadPrimaryAndReplicas               Analysis = "DeadPrimaryAndReplicas"
	DeadPrimaryWithoutReplicas           Analysis = "DeadPrimaryWithoutReplicas"
	UnreachablePrimary                   Analysis = "UnreachablePrimary"
	UnreachablePrimaryWithBrokenReplicas Analysis = "UnreachablePrimaryWithBrokenReplicas"
	PrimaryTabletUnreachableByQuorum     Analysis = "PrimaryTabletUnreachableByQuorum"
	PrimarySemiSyncBlocked               Analysis = "PrimarySemiSyncBlocked"
	PrimaryDiskStalled                   Analysis = "PrimaryDiskStalled"
	IncapacitatedPrimary                 Analysis = "IncapacitatedPrimary"
	ClusterHasNoPrimary                  Analysis = "ClusterHasNoPrimary"
	PrimaryTabletDeleted                 Analysis = "PrimaryTabletDeleted"
	PrimaryHasPrimary                    Analysis = "PrimaryHasPrimary"
	PrimaryIsReadOnly                    Analysis = "PrimaryIsReadOnly"
	PrimarySemiSyncMustBeSet             Analysis = "PrimarySemiSyncMustBeSet"
	PrimarySemiSyncMustNotBeSet          Analysis = "PrimarySemiSyncMustNotBeSet"
	PrimaryCurrentTypeMismatch           Analysis = "PrimaryCurrentTypeMismatch"
	StaleTopoPrimary                     Analysis = "StaleTopoPrimary"
	ReplicaIsWritable                    Analysis = "ReplicaIsWritable"
	NotConnectedToPrimary                Analysis = "NotConnectedToPrimary"
	ConnectedToWrongPrimary              Analysis = "ConnectedToWrongPrimary"
	ReplicationStopped                   Analysis = "ReplicationStopped"
	ReplicaSemiSyncMustBeSet             Analysis = "ReplicaSemiSyncMustBeSet"
	ReplicaSemiSyncMustNotBeSet          Analysis = "ReplicaSemiSyncMustNotBeSet"
	ReplicaMisconfigured                 Analysis = "ReplicaMisconfigured"
	ErrantGTIDDetected                   Analysis = "ErrantGTIDDetected"
	LockedSemiSyncPrimary                Analysis = "LockedSemiSyncPrimary"
)

// Problem is one thing that is wrong with a shard.
type Problem struct {
	Analysis        Analysis
	Tablet          topodata.TabletAlias
	Keyspace, Shard string
}

// Recovery names what is done about a problem, as in VTOrc's counters.
type Recovery string

// The recoveries.
// spec
const (
	NoRecovery                    Recovery = ""
	RecoverDeadPrimary            Recovery = "RecoverDeadPrimary"
	RecoverIncapacitatedPrimary   Recovery = "RecoverIncapacitatedPrimary"
	RecoverPrimaryTabletDeleted   Recovery = "RecoverPrimaryTabletDeleted"
	ElectNewPrimary               Recovery = "ElectNewPrimary"
	RecoverPrimaryHasPrimary      Recovery = "RecoverPrimaryHasPrimary"
	FixPrimary                    Recovery = "FixPrimary"
	FixReplica                    Recovery = "FixReplica"
	RecoverErrantGTIDDetected     Recovery = "RecoverErrantGTIDDetected"
	RecoverStaleTopoPrimary       Recovery = "RecoverStaleTopoPrimary"
	RestartArbitraryDirectReplica Recovery = "RestartArbitraryDirectReplica"
	RestartAllDirectReplicas      Recovery = "RestartAllDirectReplicas"
)

// RecoveryOf says what a release with its flags does about a problem.
// spec
func RecoveryOf(a Analysis, c Criteria) Recovery {
	switch a {
	case DeadPrimary, DeadPrimaryAndSomeReplicas, PrimarySemiSyncBlocked, PrimaryDiskStalled, PrimaryTabletUnreachableByQuorum:
		return RecoverDeadPrimary
	case IncapacitatedPrimary:
		return RecoverIncapacitatedPrimary
	case PrimaryTabletDeleted:
		return RecoverPrimaryTabletDeleted
	case ClusterHasNoPrimary:
		return ElectNewPrimary
	case PrimaryHasPrimary:
		return RecoverPrimaryHasPrimary
	case PrimaryIsReadOnly, PrimarySemiSyncMustBeSet, PrimarySemiSyncMustNotBeSet, PrimaryCurrentTypeMismatch:
		return FixPrimary
	case ReplicaIsWritable, NotConnectedToPrimary, ConnectedToWrongPrimary, ReplicationStopped, ReplicaSemiSyncMustBeSet,
		ReplicaSemiSyncMustNotBeSet, ReplicaMisconfigured:
		return FixReplica
	case StaleTopoPrimary:
		return RecoverStaleTopoPrimary
	case ErrantGTIDDetected:
		return onlyIf(c.Flags.ChangeTabletsWithErrantGTIDToDrained, RecoverErrantGTIDDetected)
	case UnreachablePrimary:
		return onlyIf(c.Behaviors.UnreachableRestarts, RestartArbitraryDirectReplica)
	case UnreachablePrimaryWithBrokenReplicas:
		return onlyIf(c.Behaviors.UnreachableRestarts, RestartAllDirectReplicas)
	default:
		return NoRecovery
	}
}

func onlyIf(cond bool, r Recovery) Recovery {
	if cond {
		return r
	}
	return NoRecovery
}

// restarts reports whether the recovery only restarts replication.
func (r Recovery) restarts() bool {
	return r == RestartArbitraryDirectReplica || r == RestartAllDirectReplicas
}

// isShardWide reports whether the recovery changes the primary, so that all tablets are looked
// at again before and after.
// spec: R-142
func (r Recovery) isShardWide() bool {
	switch r {
	case RecoverDeadPrimary, RecoverIncapacitatedPrimary, RecoverPrimaryTabletDeleted, ElectNewPrimary:
		return true
	default:
		return false
	}
}

// needsEmergency reports whether the recovery is an emergency reparent and nothing else.
// spec: R-144
func (r Recovery) needsEmergency() bool {
	return r == RecoverDeadPrimary || r == RecoverPrimaryTabletDeleted
}

// sparesPrimary reports whether the primary is known to be beyond reach, so that asking it
// again would only take time.
// spec: R-142
func (r Recovery) sparesPrimary() bool {
	return r == RecoverDeadPrimary || r.restarts()
}
