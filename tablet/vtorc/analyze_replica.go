package vtorc

import (
	"time"

	"bufsim/model/topodata"
)

// ofOther gives the problem of a tablet that is not the primary. What a tablet said before it
// fell silent is no reason to call it.
// spec: R-141
func (v *view) ofOther(t *Instance) Analysis {
	switch {
	case !t.Check.valid(v.Flags.InstancePollTime):
		return ""
	case t.Tablet.Type == topodata.Primary:
		if v.Behaviors.StaleTopoPrimaryRecovery && t.Tablet.PrimaryTermStartTime < v.primary.Tablet.PrimaryTermStartTime {
			return StaleTopoPrimary
		}
		return ""
	case !t.Tablet.Type.IsReplicaType():
		return ""
	case v.isErrant(t):
		return ErrantGTIDDetected
	case !t.Status.ReadOnly:
		return ReplicaIsWritable
	case t.Status.Replication == nil:
		return NotConnectedToPrimary
	default:
		return v.ofReplica(t)
	}
}

// ofReplica judges a server that has a source.
func (v *view) ofReplica(t *Instance) Analysis {
	acks := v.Policy.IsAcker(v.primary.member(), t.member())
	switch {
	case t.Status.Replication.Source != v.primary.Tablet.Alias:
		return ConnectedToWrongPrimary
	case !t.replicates():
		return ReplicationStopped
	case acks && !t.Status.SemiSyncReplicaEnabled:
		return ReplicaSemiSyncMustBeSet
	case !acks && t.Status.SemiSyncReplicaEnabled:
		return ReplicaSemiSyncMustNotBeSet
	case (t.Status.SourceHeartbeat * 2).Round(time.Second) != t.Status.ReplicaNetTimeout:
		return ReplicaMisconfigured
	default:
		return ""
	}
}

// isErrant reports whether a tablet has executed what the primary has not. The two were asked
// at different times, so the primary's own transactions do not count; nor does an answer from
// before it was the primary.
// spec: T-126
func (v *view) isErrant(t *Instance) bool {
	p := v.primary.Status
	if !v.primaryValid || p.TabletType != topodata.Primary {
		return false
	}
	return !t.executed().Without(p.ServerUUID).Difference(p.Primary.Position).IsEmpty()
}
