package reparent

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// lostLock is the error of a lock that is gone; nil stays nil. spec: R-4
func lostLock(err error, b release.Behaviors) error {
	if b.LostLockSemicolon {
		return vterr.Wrap(err, "lost topology lock; aborting")
	}
	return vterr.Wrap(err, "lost topology lock, aborting")
}

// fromTablet gives the server's view of a failed tablet manager call. Newer releases turn the
// status into an error of their own, which shows where texts print it in full; older ones
// pass it on. spec: R-9, R-9a
func fromTablet(err error, b release.Behaviors) error {
	if err == nil || b.ErrorTextTwice {
		return err
	}
	return vterr.New(vterr.CodeOf(err), err.Error())
}

// twice wraps an error in a text that already contains it. spec
func twice(err error, text string) error {
	return vterr.Wrap(err, text+": "+vterr.Verbose(err))
}

// joined makes one error of those that are not nil; nil if there are none. spec: R-57
func joined(errs []error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return errors.New(strings.Join(texts, ";"))
}

// ---- preflight and election ----

func electIsAvoided(elect topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "primary-elect tablet %v is the same as the tablet to avoid", elect)
}

func notExpectedPrimary(primary, expected topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "primary %v is not equal to expected alias %v", primary, expected)
}

func optionUnknown(flag, operation string, p release.Profile) error {
	return vterr.Errorf(vterr.InvalidArgument, "unknown flag: --%s (%s of %s does not have it)", flag, operation, p.Name)
}

func shardNeverHadPrimary() error {
	return vterr.New(vterr.FailedPrecondition, "the shard has no current primary, use EmergencyReparentShard instead")
}

func electNotInShard(elect topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "primary-elect tablet %v is not in the shard", elect)
}

func electCannotProgress(elect topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "primary-elect tablet %v won't be able to make forward progress on promotion", elect)
}

// noCandidate is the error of an election without a winner. Vitess lists the rejected tablets
// in any order, we in that of their aliases. spec
func noCandidate(rejected []rejection, b release.Behaviors) error {
	if !b.RejectedCandidatesListed {
		return vterr.New(vterr.Internal, "cannot find a tablet to reparent to in the same cell as the current primary")
	}
	rejected = slices.Clone(rejected)
	slices.SortFunc(rejected, func(x, y rejection) int { return x.tablet.Compare(y.tablet) })
	text := "cannot find a tablet to reparent to"
	for _, r := range rejected {
		text += "\n" + r.tablet.String() + " " + r.reason
	}
	return vterr.New(vterr.Internal, text)
}

// Reasons to reject a candidate. spec: R-52
const (
	reasonNotTheNew = "does not match the new primary alias provided"
	reasonCell      = "is not in the same cell as the previous primary"
	reasonAvoided   = "matches the primary alias to avoid"
	reasonType      = "is not a replica"
	reasonLag       = "has %v replication lag which is more than the tolerable amount"
	reasonBackup    = "is taking a backup"
	reasonUnknown   = "position known but unknown replication status"
)

// ---- demotion and catch-up ----

func primaryNotHealthy(err error, primary topodata.TabletAlias) error {
	return vterr.Wrapf(err, "cannot get replication position on current primary %v; current primary must be healthy to perform PlannedReparent", primary)
}

func candidateTooFarBehind(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "replication on primary-elect %v did not catch up in time; replication must be healthy to perform PlannedReparent", elect)
}

func demotionFailed(err error, primary topodata.TabletAlias) error {
	return twice(err, fmt.Sprintf("failed to DemotePrimary on current primary %v", primary))
}

func catchUpFailed(err error, elect topodata.TabletAlias, position gtid.Set) error {
	return vterr.Wrapf(err, "primary-elect tablet %v failed to catch up with replication %s", elect, gtid.EncodePosition(position))
}

func timedOut() error {
	return vterr.New(vterr.DeadlineExceeded, "PlannedReparent timed out; please try again")
}

func undoFailed(err, undoErr error, primary topodata.TabletAlias) error {
	return vterr.Wrapf(err, "encountered error while performing UndoDemotePrimary(%v): %s", primary, vterr.Verbose(undoErr))
}

func contestedDemotionFailed(err error, tablet topodata.TabletAlias) error {
	return vterr.Wrapf(err, "DemotePrimary(%v) failed on contested primary", tablet)
}

func demoteAllFailed(err error) error { return vterr.Wrap(err, "failed to demote all tablets") }

func electLacksTransactions(tablet topodata.TabletAlias, has gtid.Set, elect topodata.TabletAlias, electHas gtid.Set) error {
	return vterr.Errorf(vterr.FailedPrecondition, "tablet %v (position: %v) contains transactions not found in primary-elect %v (position: %v)",
		tablet, has, elect, electHas)
}

// ---- promotion and repointing ----

func promotionFailedRetry(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "primary-elect tablet %v failed to be promoted to primary; please try again", elect)
}

func timedOutAfterPromotion(elect topodata.TabletAlias) error {
	return vterr.Errorf(vterr.DeadlineExceeded,
		"PLannedReparent timed out after successfully promoting primary-elect %v; please re-run to fix up the replicas", elect)
}

func setReadWriteFailed(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "failed to SetReadWrite on current primary %v", elect)
}

func electPositionUnknown(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "failed to get replication position of current primary %v", elect)
}

func promotionFailed(err error, elect topodata.TabletAlias, ts topodata.Timestamp) error {
	return twice(err, fmt.Sprintf("failed PromoteReplica(primary=%v, ts=%d)", elect, int64(ts)))
}

func journalFailed(err error, elect topodata.TabletAlias, ts topodata.Timestamp, position gtid.Set) error {
	return twice(err, fmt.Sprintf("failed PopulateReparentJournal(primary=%v, ts=%d, pos=%s)", elect, int64(ts), gtid.EncodePosition(position)))
}

func repointFailed(err error, tablet, elect topodata.TabletAlias) error {
	return twice(err, fmt.Sprintf("tablet %v failed to SetReplicationSource(%v)", tablet, elect))
}

func someRepointsFailed(err error, elect topodata.TabletAlias) error {
	return vterr.Wrapf(err, "some replicas failed to reparent; retry PlannedReparentShard with the same new primary alias (%v) to retry failed replicas", elect)
}
