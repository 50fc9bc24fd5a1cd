package reparent

import (
	"errors"
	"fmt"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// flatly wraps an error as a plain text does: the code is lost. nil stays nil.
func flatly(err error, text string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s", text, vterr.Verbose(err))
}

// ---- InitShardPrimary ----

func forceNeeded(elect topodata.TabletAlias, is string) error {
	return fmt.Errorf("primary-elect tablet %v %s, use -force to proceed anyway", elect, is)
}

func resetFailed(err error, tablet topodata.TabletAlias) error {
	return flatly(err, fmt.Sprintf("tablet %v ResetReplication failed (either fix it, or Scrap it)", tablet))
}

func initReplicaFailed(err error, tablet topodata.TabletAlias) error {
	return flatly(err, fmt.Sprintf("tablet %v InitReplica failed", tablet))
}

func initJournalFailed(err error) error {
	return flatly(err, "failed to PopulateReparentJournal on primary")
}

func shardRecordFailed(err error) error {
	return flatly(err, "failed to update shard primary record")
}

func databaseFailed(err error) error { return flatly(err, "failed to create database") }

// ---- commands on replication ----

func shardHasNoPrimary(keyspace, shard string) error {
	return vterr.Errorf(vterr.FailedPrecondition, "no primary tablet for shard %s/%s", keyspace, shard)
}

func primaryNotFound(err error, primary topodata.TabletAlias, keyspace, shard string) error {
	return flatly(err, fmt.Sprintf("cannot lookup primary tablet %v for shard %s/%s", primary, keyspace, shard))
}

// primaryInconsistent has Vitess's spelling. spec: R-162
func primaryInconsistent(primary topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "TopologyServer has incosistent state for shard primary %v", primary)
}

func ontoItself(tablet topodata.TabletAlias) error {
	return vterr.Errorf(vterr.FailedPrecondition, "cannot ReparentTablet current shard primary (%v) onto itself", tablet)
}

// activeReparentsDisabled has the flag's old spelling in all releases. spec: R-165
func activeReparentsDisabled() error {
	return errors.New("active reparent commands disabled (unset the -disable_active_reparents flag to enable)")
}
