package reparent

import (
	"fmt"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// ---- stopping ----

func tabletMapFailed(err error, keyspace, shard string) error {
	return twice(err, fmt.Sprintf("failed to get tablet map for %s/%s", keyspace, shard))
}

func stopFailed(err error) error {
	return twice(err, "failed to stop replication and build status maps")
}

// onceFromV24 is Wrap in v24, twice before.
func onceFromV24(err error, text string, b release.Behaviors) error {
	if b.ERSErrorOnlyFromPrimary {
		return vterr.Wrap(err, text)
	}
	return twice(err, text)
}

func statusFailed(err error, tablet topodata.TabletAlias, b release.Behaviors) error {
	return onceFromV24(err, fmt.Sprintf("error when getting replication status for alias %v", tablet), b)
}

func formerPrimaryNotDemoted(err error, tablet topodata.TabletAlias, b release.Behaviors) error {
	return onceFromV24(err, fmt.Sprintf("replica %v thinks it's primary but we failed to demote it", tablet), b)
}

// tooFewReached is the error when an unreached primary might go on. spec: R-103
func tooFewReached(err error, b release.Behaviors) error {
	return onceFromV24(err, "could not reach sufficient tablets to guarantee safety", b)
}

func tooManyStopErrors(err error) error {
	return twice(err, "encountered more than 1 errors when trying to stop replication and get replication positions")
}

// ---- candidates ----

func noRelayLogPosition(tablet topodata.TabletAlias) error {
	return vterr.Errorf(vterr.Unavailable,
		"encountered tablet %v with no relay log position, when at least one other tablet in the status map has GTID based relay log positions", tablet)
}

func noValidCandidates() error {
	return vterr.New(vterr.FailedPrecondition, "no valid candidates for emergency reparent")
}

func relayLogsNotApplied(err error, timeout time.Duration) error {
	return twice(err, fmt.Sprintf("could not apply all relay logs within the provided waitReplicasTimeout (%s)", timeout))
}

func journalsNotRead(err error, timeout time.Duration) error {
	return twice(err, fmt.Sprintf("could not read reparent journal information within the provided waitReplicasTimeout (%s)", timeout))
}

func splitBrain(winner, other topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "split brain detected between servers - %v and %v", winner, other)
}

// ---- the requested primary ----

func requestedIsErrant(wanted topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "requested primary elect %v has errant GTIDs", wanted)
}

func requestedIsBehind(wanted topodata.TabletAlias, has, winning gtid.Set) error {
	return vterr.Errorf(vterr.FailedPrecondition, "requested primary elect: %v at position %v, is not fully caught up. Winning position: %v",
		wanted, has, winning)
}

func proposedPrimary(wanted topodata.TabletAlias, reason string) error {
	return vterr.Errorf(vterr.Aborted, "proposed primary %v %s", wanted, reason)
}

func requestedNotInList(wanted topodata.TabletAlias) error {
	return vterr.Errorf(vterr.Aborted, "requested candidate %v is not in valid candidates list", wanted)
}

// ---- promotion ----

func notUpgraded(err error, elect topodata.TabletAlias) error {
	return twice(err, fmt.Sprintf("primary-elect tablet %v failed to be upgraded to primary", elect))
}

func primaryJournalFailed(err error) error {
	return twice(err, "failed to PopulateReparentJournal on primary")
}

func notPromoted(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "failed to promote %v to primary", elect)
}

func emergencyRepointFailed(err error, tablet topodata.TabletAlias) error {
	return twice(err, fmt.Sprintf("tablet %v SetReplicationSource failed", tablet))
}

// replicasFailed is the error of a promotion that nobody followed; err joins all failures.
func replicasFailed(err error, n int) error {
	return twice(err, fmt.Sprintf("%d replica(s) failed", n))
}
