package vtorc

import "bufsim/model/topodata"

// shardWide gives the problem that calls for another primary, or for none although the primary
// is dead.
// spec: R-141
func (v *view) shardWide() Analysis {
	switch {
	case !v.primaryValid:
		return v.unreachable()
	case v.primary.Status.Replication != nil:
		return PrimaryHasPrimary
	case v.semiSyncBlocked():
		return PrimarySemiSyncBlocked
	default:
		return ""
	}
}

// unreachable judges a primary that does not answer, by whether its replicas still hear of it.
func (v *view) unreachable() Analysis {
	switch {
	case v.diskStalled():
		return PrimaryDiskStalled
	case v.replicas == 0 && v.primary.Check.Ever:
		return DeadPrimaryWithoutReplicas
	case v.replicas == 0:
		return "" // nothing is known yet
	case v.valid == 0:
		return DeadPrimaryAndReplicas
	case v.replicating == 0 && v.valid == v.replicas:
		return DeadPrimary
	case v.replicating == 0:
		return DeadPrimaryAndSomeReplicas
	case v.downByQuorum():
		return PrimaryTabletUnreachableByQuorum
	case v.incapacitated():
		return IncapacitatedPrimary
	default:
		return ""
	}
}

func (v *view) diskStalled() bool {
	return v.Behaviors.DiskStalledRecovery && v.Flags.EnablePrimaryDiskStalledRecovery && v.primary.DiskStalled
}

// incapacitated judges a primary whose vttablet answers while its status keeps failing.
func (v *view) incapacitated() bool {
	check := v.primary.Check
	return v.Behaviors.IncapacitatedRecovery && check.failuresWithin(healthWindow, v.Now) >= failedChecksMin && check.Pings
}

// downByQuorum reports whether the replicas' vttablets cannot reach the primary's either: more
// than half of them have told lately, and all of these say so.
// spec: R-146
func (v *view) downByQuorum() bool {
	if !v.Behaviors.TabletHealthQuorum || !v.Flags.EmergencyReparentOnPrimaryTabletUnreachable {
		return false
	}
	observers, fresh := 0, 0
	for i := range v.Instances {
		t := &v.Instances[i]
		if t == v.primary || t.Tablet.Type != topodata.Replica && t.Tablet.Type != topodata.RDOnly {
			continue
		}
		observers++
		if !t.Check.valid(v.Flags.InstancePollTime) || t.Status.PrimaryPinged != v.primary.Tablet.Alias {
			continue
		}
		fresh++
		if t.Status.PrimaryPingFailures < pingFailuresMin {
			return false
		}
	}
	return 2*fresh > observers
}

// semiSyncBlocked judges a primary whose commits hang although enough replicas are set up to
// acknowledge them.
func (v *view) semiSyncBlocked() bool {
	return v.Behaviors.SemiSyncBlockedRecovery && v.primary.Status.SemiSyncBlocked && v.ackers >= max(1, v.Policy.AcksNeeded())
}

// ofPrimary gives the primary's own problem.
// spec: R-141
func (v *view) ofPrimary() Analysis {
	status := &v.primary.Status
	needed := v.Policy.AcksNeeded() > 0
	switch {
	case !v.primaryValid && (v.valid == 0 || !v.primary.Check.Ever):
		return "" // it may only just be starting
	case !v.primaryValid && v.replicating < v.valid:
		return UnreachablePrimaryWithBrokenReplicas
	case !v.primaryValid:
		return UnreachablePrimary
	case status.ReadOnly:
		return PrimaryIsReadOnly
	case status.TabletType != topodata.Primary:
		return PrimaryCurrentTypeMismatch
	case needed && !status.SemiSyncPrimaryEnabled:
		return PrimarySemiSyncMustBeSet
	case !needed && status.SemiSyncPrimaryEnabled:
		return PrimarySemiSyncMustNotBeSet
	case v.locked():
		return LockedSemiSyncPrimary
	default:
		return ""
	}
}

// locked judges a primary that lacks acknowledgers and has written nothing for a while.
func (v *view) locked() bool {
	status := &v.primary.Status
	return status.SemiSyncPrimaryEnabled && status.SemiSyncAckers < v.Policy.AcksNeeded() &&
		v.Now.Sub(v.primary.StillSince) > v.Flags.ReasonableReplicationLag
}
