package tablet

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// statusMessage gives MySQL's replication status as a message.
func statusMessage(s mysqld.ReplicationStatus) tmclient.ReplicationStatus {
	return tmclient.ReplicationStatus{
		Position: s.Executed, RelayLogPosition: s.Executed.Union(s.Retrieved), Source: s.Source, SourceUUID: s.SourceUUID,
		IOState: tmclient.ThreadState(s.IO), SQLState: tmclient.ThreadState(s.SQL), IOError: s.IOError, SQLError: s.SQLError,
		LagUnknown: s.LagUnknown, Lag: s.Lag,
	}
}

func (tm *tabletManager) replicationStatus(*sim.Context, any) (any, error) {
	status, err := tm.t.mysql.ReplicationStatus()
	if err != nil {
		return nil, err
	}
	return statusMessage(status), nil
}

func (tm *tabletManager) primaryStatus(*sim.Context, any) (any, error) { return tm.statusAsPrimary() }

func (tm *tabletManager) statusAsPrimary() (tmclient.PrimaryStatus, error) {
	position, err := tm.t.mysql.Position()
	return tmclient.PrimaryStatus{Position: position, ServerUUID: tm.t.mysql.Server().UUID()}, err
}

func (tm *tabletManager) primaryPosition(*sim.Context, any) (any, error) {
	return tm.t.mysql.Position()
}

func (tm *tabletManager) globalStatusVars(ctx *sim.Context, _ any) error {
	if err := alive(ctx); err != nil {
		return err
	}
	return tm.t.mysql.Ping()
}

func (tm *tabletManager) fullStatus(*sim.Context, any) (any, error) {
	if tm.t.sm.disk.isStalled() {
		return tmclient.FullStatus{Alias: tm.t.opts.Alias, TabletType: tm.self().Type, DiskStalled: true}, nil
	}
	primary, err := tm.statusAsPrimary()
	if err != nil {
		return nil, err
	}
	semiSync, err := tm.t.mysql.SemiSync()
	if err != nil {
		return nil, err
	}
	full := tmclient.FullStatus{
		Alias: tm.t.opts.Alias, TabletType: tm.self().Type, ServerUUID: primary.ServerUUID, Primary: primary,
		SemiSyncPrimaryEnabled: semiSync.Source, SemiSyncReplicaEnabled: semiSync.Replica, SemiSyncAckers: semiSync.Ackers,
		SemiSyncBlocked: tm.monitor.isBlocked(),
	}
	full.PrimaryPinged, full.PrimaryPingFailures = tm.peers.report()
	if full.ReadOnly, full.SuperReadOnly, err = tm.t.mysql.ReadOnly(); err != nil {
		return nil, err
	}
	status, err := tm.t.mysql.ReplicationStatus()
	switch {
	case err == nil:
		message := statusMessage(status)
		full.Replication = &message
		full.ReplicaNetTimeout = tm.t.mysql.Server().NetTimeout()
		full.SourceHeartbeat = full.ReplicaNetTimeout / 2
	case !errors.Is(err, mysqld.ErrNotReplica):
		return nil, err
	}
	return full, nil
}

// waitForPosition waits until MySQL has executed a set, for the whole seconds left of ctx,
// at least one.
// spec, T-111, T-112
func (tm *tabletManager) waitForPosition(ctx *sim.Context, set gtid.Set) error {
	seconds := int64(0)
	if deadline := ctx.DeadlineAt(); deadline != sim.Never {
		seconds = max(1, int64(deadline.Sub(tm.env.Now())/time.Second))
	}
	wait := tm.t.mysql.WaitForExecuted
	if !tm.t.behaviors.WaitForExecutedGTIDSet {
		wait = tm.t.mysql.WaitUntilSQLThreadAfterGTIDs
	}
	err := wait(set, seconds)
	switch {
	case errors.Is(err, mysqld.ErrWaitTimeout):
		return vterr.WaitPositionTimedOut(set.String(), tm.t.behaviors)
	case errors.Is(err, mysqld.ErrWaitNull):
		return fmt.Errorf("WaitUntilPositionCommand(%s) failed: %w", set, err)
	default:
		return err
	}
}

// stopReplicationAndGetStatus stops the receiver; the applier goes on.
// spec: R-41
func (tm *tabletManager) stopReplicationAndGetStatus(*sim.Context, any) (any, error) {
	before, err := tm.t.mysql.ReplicationStatus()
	if err != nil {
		return nil, fmt.Errorf("before status failed: %w", err)
	}
	result := tmclient.StopReplicationStatus{Before: statusMessage(before), After: statusMessage(before)}
	if !result.Before.IOHealthy() {
		return result, nil
	}
	if err := tm.t.mysql.StopReplication(true); err != nil {
		return nil, fmt.Errorf("stop replication failed: %w", err)
	}
	after, err := tm.t.mysql.ReplicationStatus()
	if err != nil {
		return nil, fmt.Errorf("acquiring replication status failed: %w", err)
	}
	result.After = statusMessage(after)
	return result, nil
}

func (tm *tabletManager) stopReplication() error {
	tm.repairs.stopped.Store(true)
	return tm.t.mysql.StopReplication(false)
}

func (tm *tabletManager) startReplication(semiSync bool) error {
	tm.repairs.stopped.Store(false)
	if err := tm.setSemiSync(tm.self().Type, sides(semiSync)); err != nil {
		return err
	}
	return tm.t.mysql.StartReplication()
}

func (tm *tabletManager) restartReplication(semiSync bool) error {
	if err := tm.t.mysql.StopReplication(false); err != nil {
		return err
	}
	return tm.startReplication(semiSync)
}

// resetReplication wipes replication and the GTID history.
// spec: R-42
func (tm *tabletManager) resetReplication() error {
	if err := tm.t.mysql.StopReplication(false); err != nil {
		return err
	}
	if err := tm.t.mysql.ResetReplica(); err != nil {
		return err
	}
	if err := tm.t.mysql.ResetBinaryLogs(); err != nil {
		return err
	}
	return tm.setSemiSync(topodata.Replica, semiSyncOff) // whoever starts replication switches it on again
}

// resetReplicationParameters makes the server forget its source.
// spec: R-141
func (tm *tabletManager) resetReplicationParameters() error {
	if err := tm.t.mysql.StopReplication(false); err != nil {
		return err
	}
	return tm.t.mysql.ResetReplica()
}

// initReplica makes the tablet a replica that starts at a position.
// spec: R-42
func (tm *tabletManager) initReplica(ctx *sim.Context, r tmclient.InitReplicaRequest) error {
	if err := tm.semiSyncLoaded(); err != nil {
		return err
	}
	if tm.self().Type == topodata.Primary {
		if err := tm.enter(topodata.Replica, 0); err != nil {
			return err
		}
	}
	if err := tm.setSemiSync(topodata.Replica, sides(r.SemiSync)); err != nil {
		return err
	}
	mysql := tm.t.mysql
	if err := mysql.SetPurged(r.Position); err != nil {
		return err
	}
	if err := mysql.ChangeSource(r.Parent); err != nil {
		return err
	}
	if err := mysql.StartReplication(); err != nil {
		return err
	}
	return tm.waitForJournal(ctx, r.JournalTime)
}
