package tablet

import (
	"errors"
	"fmt"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// setReplicationSource attaches the tablet to a parent. A primary becomes a replica first,
// before anything can fail.
// spec
func (tm *tabletManager) setReplicationSource(ctx *sim.Context, r tmclient.SetReplicationSourceRequest, change semiSyncChange) error {
	if tm.self().Type == topodata.Primary {
		if err := tm.enter(topodata.Replica, 0); err != nil {
			return err
		}
	}
	tm.t.step("SetReplicationSource", "type", nil)
	should, was, err := tm.shouldReplicate(r.ForceStart)
	if err != nil {
		return err
	}
	if err := tm.setSemiSync(topodata.Replica, change); err != nil {
		return err
	}
	if err := tm.checkParent(ctx, r.Parent); err != nil {
		return err
	}
	if err := tm.attach(r, was, should); err != nil {
		return err
	}
	tm.t.step("SetReplicationSource", "attached", nil)
	if !should {
		return nil
	}
	if r.HasWaitPosition {
		if err := tm.waitForPosition(ctx, r.WaitPosition); err != nil {
			return err
		}
	}
	if r.JournalTime != 0 {
		return tm.waitForJournal(ctx, r.JournalTime)
	}
	return nil
}

// shouldReplicate says whether replication is to run afterwards, and whether a thread runs
// now. A server without a source was a primary and is to replicate.
func (tm *tabletManager) shouldReplicate(force bool) (should, was bool, err error) {
	status, err := tm.t.mysql.ReplicationStatus()
	if errors.Is(err, mysqld.ErrNotReplica) {
		return true, false, nil
	}
	if err != nil {
		return false, false, err
	}
	own := statusMessage(status)
	was = own.IOHealthy() || own.SQLHealthy()
	return was || force, was, nil
}

// checkParent reads the parent's record and, from v22 on, makes sure that it has what this
// server has.
// spec
func (tm *tabletManager) checkParent(ctx *sim.Context, parent topodata.TabletAlias) error {
	if parent.IsZero() {
		return vterr.New(vterr.FailedPrecondition, "Shard primaryAlias is nil")
	}
	record, err := tm.t.topo.GetTablet(ctx, parent)
	if err != nil {
		return err
	}
	if record.MySQLHostname == "" {
		return vterr.New(vterr.FailedPrecondition, "Shard primary has empty mysql hostname")
	}
	if !tm.t.behaviors.ErrantGTIDRefusal {
		return nil
	}
	return tm.checkErrant(ctx, parent)
}

// checkErrant refuses a parent that lacks transactions of this server, other than the
// parent's own.
// spec: R-37, T-126
func (tm *tabletManager) checkErrant(ctx *sim.Context, parent topodata.TabletAlias) error {
	theirs, err := tm.t.tmc.PrimaryStatus(ctx, parent)
	if err != nil {
		return err
	}
	mine, err := tm.t.mysql.Position()
	if err != nil {
		return err
	}
	if status, err := tm.t.mysql.ReplicationStatus(); err == nil {
		mine = status.Executed.Union(status.Retrieved)
	}
	errant := mine.Without(theirs.ServerUUID).Difference(theirs.Position)
	if errant.IsEmpty() {
		return nil
	}
	return vterr.Errorf(vterr.FailedPrecondition, "Errant GTID detected - %s; Primary GTID - %s, Replica GTID - %s", errant, theirs.Position, mine)
}

// attach changes the source if needed and restarts the threads. A heartbeat interval always
// needs a change.
// spec, T-147
func (tm *tabletManager) attach(r tmclient.SetReplicationSourceRequest, was, should bool) error {
	mysql := tm.t.mysql
	status, err := mysql.ReplicationStatus()
	if err != nil && !errors.Is(err, mysqld.ErrNotReplica) {
		return err
	}
	same := err == nil && status.Source == r.Parent
	change := !same || r.SourceHeartbeat != 0
	if !change && !should {
		return nil
	}
	if was || same {
		if err := mysql.StopReplication(false); err != nil {
			return err
		}
	}
	if change {
		if err := mysql.ChangeSource(r.Parent); err != nil {
			return err
		}
	}
	if !should {
		return nil
	}
	tm.repairs.stopped.Store(false)
	return mysql.StartReplication()
}

// journalTable holds a row for each reparent; its key is the time in nanoseconds.
const journalTable = topodata.SidecarDBNameDefault + ".reparent_journal"

// populateReparentJournal writes the row that replicas wait for.
// spec: R-39
func (tm *tabletManager) populateReparentJournal(ctx *sim.Context, r tmclient.PopulateReparentJournalRequest) error {
	err := tm.execute(ctx, query.Statement{
		Verb: query.VerbInsert, Table: journalTable, Key: int64(r.JournalTime), Value: 1,
		SQL: fmt.Sprintf("insert into %s (time_created_ns, action_name, primary_alias) values (%d, '%s', '%s')", journalTable, r.JournalTime, r.Action, r.Primary),
	})
	tm.t.step("PopulateReparentJournal", "end", err)
	return err
}

// waitForJournal polls for that row.
// spec: R-40
func (tm *tabletManager) waitForJournal(ctx *sim.Context, at topodata.Timestamp) error {
	for {
		result, err := tm.fetch(ctx, query.Statement{Verb: query.VerbSelect, Table: journalTable, Key: int64(at)})
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil && result.Value != 0 {
			return nil
		}
		if err := tm.env.SleepCtx(ctx, journalPollInterval); err != nil {
			return err
		}
	}
}

func (tm *tabletManager) readReparentJournalInfo(*sim.Context, any) (any, error) {
	if err := tm.t.mysql.Ping(); err != nil {
		return nil, err
	}
	journal, _ := tm.t.mysql.Server().Table(journalTable)
	return tmclient.ReparentJournalInfo{Length: int(journal.Count)}, nil
}
