package tmclient

import (
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// Every call blocks until the tablet answers or ctx ends. When ctx ends first, what the
// tablet does goes on, as far as its rules say.

// Ping asks whether the tablet's process answers.
func (c *Client) Ping(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodPing, Empty{})
	return err
}

// ChangeType makes the tablet take another type; PRIMARY starts a new term but does not
// touch MySQL.
// spec: T-81, R-120
func (c *Client) ChangeType(ctx *sim.Context, tablet topodata.TabletAlias, to topodata.TabletType, semiSync bool) error {
	_, err := c.call(ctx, tablet, MethodChangeType, ChangeTypeRequest{Type: to, SemiSync: semiSync})
	return err
}

// RefreshState makes the tablet read its records again.
func (c *Client) RefreshState(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodRefreshState, Empty{})
	return err
}

// SetReadOnly makes MySQL refuse writes, and nothing else.
// spec: R-43
func (c *Client) SetReadOnly(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodSetReadOnly, Empty{})
	return err
}

// SetReadWrite makes MySQL accept writes, and nothing else.
// spec: R-43
func (c *Client) SetReadWrite(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodSetReadWrite, Empty{})
	return err
}

// ReplicationStatus reads the state of replication; a server without a source is an error.
func (c *Client) ReplicationStatus(ctx *sim.Context, tablet topodata.TabletAlias) (ReplicationStatus, error) {
	return result[ReplicationStatus](c.call(ctx, tablet, MethodReplicationStatus, Empty{}))
}

// PrimaryStatus reads the executed set and the uuid.
func (c *Client) PrimaryStatus(ctx *sim.Context, tablet topodata.TabletAlias) (PrimaryStatus, error) {
	return result[PrimaryStatus](c.call(ctx, tablet, MethodPrimaryStatus, Empty{}))
}

// PrimaryPosition reads the executed set.
func (c *Client) PrimaryPosition(ctx *sim.Context, tablet topodata.TabletAlias) (gtid.Set, error) {
	return result[gtid.Set](c.call(ctx, tablet, MethodPrimaryPosition, Empty{}))
}

// FullStatus reads everything that VTOrc looks at.
func (c *Client) FullStatus(ctx *sim.Context, tablet topodata.TabletAlias) (FullStatus, error) {
	return result[FullStatus](c.call(ctx, tablet, MethodFullStatus, Empty{}))
}

// GetGlobalStatusVars asks MySQL for its counters; PRS uses it to see that both processes
// answer.
// spec
func (c *Client) GetGlobalStatusVars(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodGetGlobalStatusVars, Empty{})
	return err
}

// WaitForPosition waits until the tablet's MySQL has executed a set, for whole seconds of
// ctx's time.
// spec: R-38, T-111
func (c *Client) WaitForPosition(ctx *sim.Context, tablet topodata.TabletAlias, position gtid.Set) error {
	_, err := c.call(ctx, tablet, MethodWaitForPosition, WaitForPositionRequest{Position: position})
	return err
}

// StopReplication stops both threads.
// spec: R-44
func (c *Client) StopReplication(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodStopReplication, Empty{})
	return err
}

// StartReplication sets the replica's side of semi-sync and starts both threads.
// spec: R-44
func (c *Client) StartReplication(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) error {
	_, err := c.call(ctx, tablet, MethodStartReplication, SemiSyncRequest{SemiSync: semiSync})
	return err
}

// RestartReplication stops both threads and starts them again, which makes a change of
// semi-sync count.
// spec: R-44, T-113
func (c *Client) RestartReplication(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) error {
	_, err := c.call(ctx, tablet, MethodRestartReplication, SemiSyncRequest{SemiSync: semiSync})
	return err
}

// StopReplicationAndGetStatus stops the receiver; the applier goes on.
// spec: R-41
func (c *Client) StopReplicationAndGetStatus(ctx *sim.Context, tablet topodata.TabletAlias) (StopReplicationStatus, error) {
	return result[StopReplicationStatus](c.call(ctx, tablet, MethodStopReplicationAndGetStatus, Empty{}))
}

// ResetReplication wipes replication settings and the whole GTID history.
// spec: R-42
func (c *Client) ResetReplication(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodResetReplication, Empty{})
	return err
}

// ResetReplicationParameters stops replication and forgets the source; the GTID history stays.
// spec: R-141
func (c *Client) ResetReplicationParameters(ctx *sim.Context, tablet topodata.TabletAlias) error {
	_, err := c.call(ctx, tablet, MethodResetReplicationParameters, Empty{})
	return err
}

// InitPrimary makes the tablet the first primary of its shard and returns the position from
// which replicas start.
// spec: R-34
func (c *Client) InitPrimary(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) (gtid.Set, error) {
	return result[gtid.Set](c.call(ctx, tablet, MethodInitPrimary, SemiSyncRequest{SemiSync: semiSync}))
}

// InitReplica makes the tablet a replica that starts at a position.
// spec: R-42
func (c *Client) InitReplica(ctx *sim.Context, tablet topodata.TabletAlias, req InitReplicaRequest) error {
	_, err := c.call(ctx, tablet, MethodInitReplica, req)
	return err
}

// DemotePrimary stops the tablet's service and its MySQL's writes, and returns where they
// ended.
// spec: R-31
func (c *Client) DemotePrimary(ctx *sim.Context, tablet topodata.TabletAlias, force bool) (PrimaryStatus, error) {
	return result[PrimaryStatus](c.call(ctx, tablet, MethodDemotePrimary, DemotePrimaryRequest{Force: force}))
}

// UndoDemotePrimary takes a demotion back; the term stays the same.
// spec: R-32
func (c *Client) UndoDemotePrimary(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) error {
	_, err := c.call(ctx, tablet, MethodUndoDemotePrimary, SemiSyncRequest{SemiSync: semiSync})
	return err
}

// PromoteReplica makes the tablet the shard's primary and returns the position that it had
// just before it took writes.
// spec: R-33
func (c *Client) PromoteReplica(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) (gtid.Set, error) {
	return result[gtid.Set](c.call(ctx, tablet, MethodPromoteReplica, SemiSyncRequest{SemiSync: semiSync}))
}

// SetReplicationSource attaches the tablet to a parent; a primary becomes a replica first.
// spec: R-35
func (c *Client) SetReplicationSource(ctx *sim.Context, tablet topodata.TabletAlias, req SetReplicationSourceRequest) error {
	_, err := c.call(ctx, tablet, MethodSetReplicationSource, req)
	return err
}

// PopulateReparentJournal writes the row that replicas wait for after a reparent.
// spec: R-39
func (c *Client) PopulateReparentJournal(ctx *sim.Context, tablet topodata.TabletAlias, req PopulateReparentJournalRequest) error {
	_, err := c.call(ctx, tablet, MethodPopulateReparentJournal, req)
	return err
}

// ReadReparentJournalInfo counts the rows of the journal.
// spec: R-106
func (c *Client) ReadReparentJournalInfo(ctx *sim.Context, tablet topodata.TabletAlias) (ReparentJournalInfo, error) {
	return result[ReparentJournalInfo](c.call(ctx, tablet, MethodReadReparentJournalInfo, Empty{}))
}

// ExecuteFetchAsDBA runs a statement that defines data, with the rights of an administrator.
// spec: R-125
func (c *Client) ExecuteFetchAsDBA(ctx *sim.Context, tablet topodata.TabletAlias, sql string) error {
	_, err := c.call(ctx, tablet, MethodExecuteFetchAsDBA, ExecuteFetchAsDBARequest{SQL: sql})
	return err
}
