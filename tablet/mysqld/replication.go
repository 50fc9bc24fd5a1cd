package mysqld

import (
	"context"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// ReplicationStatus is SHOW REPLICA STATUS.
// spec: T-103, T-104, T-108
type ReplicationStatus struct {
	Executed, Retrieved gtid.Set
	Source              topodata.TabletAlias
	SourceUUID          gtid.UUID
	IO, SQL             ThreadState
	IOError, SQLError   string
	// LagUnknown means that Lag says nothing (NULL).
	LagUnknown bool
	Lag        time.Duration
}

// ReplicationStatus reads the state of replication; ErrNotReplica if there is no source.
func (c *Client) ReplicationStatus() (status ReplicationStatus, err error) {
	err = c.quick(func(s *Server) error {
		status, err = s.replicationStatus()
		return err
	})
	return status, err
}

// ReplicationStatusWithin is ReplicationStatus without the time that the query takes, for
// callers that hold a lock. A server that hangs is waited for up to limit: then the error is
// context.DeadlineExceeded.
func (c *Client) ReplicationStatusWithin(limit time.Duration) (ReplicationStatus, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return ReplicationStatus{}, ErrRefused
	}
	if o := s.obstacle(false); o != nil {
		s.mu.Unlock()
		which := c.env.Select(sim.OnEvent(o), c.env.After(limit))
		s.mu.Lock()
		if which == 1 {
			return ReplicationStatus{}, context.DeadlineExceeded
		}
	}
	return s.replicationStatus()
}

func (s *Server) replicationStatus() (ReplicationStatus, error) {
	if s.source.IsZero() {
		return ReplicationStatus{}, ErrNotReplica
	}
	status := ReplicationStatus{
		Executed: s.executed.Clone(), Retrieved: s.retrieved.Clone(), Source: s.source, SourceUUID: s.sourceUUID,
		IOError: s.ioError, SQLError: s.sqlError, LagUnknown: true,
	}
	if s.receiver != nil {
		status.IO = s.receiver.state
	}
	if s.applier != nil {
		status.SQL = Running
	}
	if status.IO == Running && status.SQL == Running {
		status.LagUnknown = false
		if len(s.relay) > 0 {
			status.Lag = s.disk.Now().Sub(s.relay[0].entry.CommittedAt).Truncate(time.Second)
		}
	}
	return status, nil
}

// StopReplication stops both threads, or only the receiver. The statement lasts until the
// threads have ended; a receiver that is stopped alone takes and acknowledges nothing from the
// statement's beginning on, so a commit that it has not received by then has to do without it.
// spec: T-109, R-102a
func (c *Client) StopReplication(onlyReceiver bool) error {
	if onlyReceiver {
		c.server.tellReceiver()
	}
	return c.diskCommand(func(t *Timings) sim.Dist { return t.StopReplication }, func(s *Server) error {
		if s.source.IsZero() {
			return nil
		}
		s.stopReceiver()
		if !onlyReceiver {
			s.stopApplier()
		}
		return nil
	})
}

// tellReceiver makes the receiver stop at once.
func (s *Server) tellReceiver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopReceiver()
}

// StartReplication starts the threads that do not run; ErrNotReplica if there is no source.
// The threads run from the statement's beginning on, so that the source hears of the replica
// before the statement ends; it does not wait for that. spec: T-117a
func (c *Client) StartReplication() error {
	if err := c.quick((*Server).startReplication); err != nil {
		return err
	}
	return c.command(func(t *Timings) sim.Dist { return t.StartReplication }, func(*Server) error { return nil })
}

func (s *Server) startReplication() error {
	if s.source.IsZero() {
		return ErrNotReplica
	}
	if s.receiver == nil {
		s.startReceiver()
	}
	if s.applier == nil {
		s.startApplier()
	}
	return nil
}

// StopApplier stops the applier alone: a fault.
func (c *Client) StopApplier() error {
	return c.quick(func(s *Server) error {
		s.stopApplier()
		return nil
	})
}

// StartApplier undoes StopApplier: it starts the applier alone, so that a receiver that
// somebody else has stopped stays stopped. ErrNotReplica if there is no source.
func (c *Client) StartApplier() error {
	return c.command(func(t *Timings) sim.Dist { return t.StartReplication }, func(s *Server) error {
		if s.source.IsZero() {
			return ErrNotReplica
		}
		if s.applier == nil {
			s.startApplier()
		}
		return nil
	})
}

// ChangeSource makes another server the source. The relay log is dropped. Both threads
// must be stopped.
// spec: T-109
func (c *Client) ChangeSource(source topodata.TabletAlias) error {
	return c.diskCommand(func(t *Timings) sim.Dist { return t.ChangeSource }, func(s *Server) error {
		if s.receiver != nil || s.applier != nil {
			return ErrReplicationRunning
		}
		s.changeSource(source)
		return nil
	})
}

func (s *Server) changeSource(source topodata.TabletAlias) {
	s.source, s.sourceUUID, s.ioError, s.sqlError = source, gtid.UUID{}, "", ""
	s.dropRelayLog()
	name := ""
	if !source.IsZero() {
		name = source.String()
	}
	s.emit(KindSource, trace.Str("source", name))
}

// ResetReplica is RESET REPLICA ALL: it forgets the source and drops the relay log.
// spec: T-109
func (c *Client) ResetReplica() error {
	return c.diskCommand(func(t *Timings) sim.Dist { return t.ResetReplication }, func(s *Server) error {
		if s.receiver != nil || s.applier != nil {
			return ErrReplicationRunning
		}
		s.changeSource(topodata.TabletAlias{})
		return nil
	})
}

// FlushBinaryLogs rotates the log, which only costs time.
// spec: T-110
func (c *Client) FlushBinaryLogs() error {
	return c.diskCommand(func(t *Timings) sim.Dist { return t.FlushBinaryLogs }, func(*Server) error { return nil })
}

// ResetBinaryLogs wipes the log and the executed set; tables stay.
// spec: T-110
func (c *Client) ResetBinaryLogs() error {
	return c.diskCommand(func(t *Timings) sim.Dist { return t.FlushBinaryLogs }, func(s *Server) error {
		s.release(len(s.log), causeSwitchedOff)
		s.log, s.executed, s.purged, s.nextGTID = nil, gtid.Set{}, gtid.Set{}, 1
		for _, d := range s.dumps {
			d.stop.Set()
		}
		s.emit(KindReset)
		return nil
	})
}

// SetPurged makes a set count as executed and gone from the log (SET gtid_purged).
// spec: R-42
func (c *Client) SetPurged(set gtid.Set) error {
	return c.quick(func(s *Server) error {
		s.executed.AddSet(set)
		s.purged.AddSet(set)
		s.nextGTID = s.executed.Next(s.uuid)
		s.emitSet(KindGTIDs, set)
		s.firePositionWaiters()
		return nil
	})
}

// CommitEmpty commits an empty transaction under another server's GTID (SET gtid_next; BEGIN;
// COMMIT), as operators do on a primary to make an errant transaction of a replica harmless.
// The rows of the errant transaction stay where they are, and nowhere else.
// spec: R-102a
func (c *Client) CommitEmpty(uuid gtid.UUID, number int64) error {
	return c.quick(func(s *Server) error {
		if s.executed.Has(uuid, number) {
			return nil
		}
		e := &Entry{UUID: uuid, Number: number, CommittedAt: s.disk.Now()}
		s.appendLog(e)
		s.engineCommit(e)
		var set gtid.Set
		set.Add(uuid, number)
		s.emitSet(KindGTIDs, set)
		s.wakeDumps()
		return nil
	})
}

// Preset puts a fresh server into a state as an earlier reparent left it, at once: writable
// or read-only, the sides of semi-sync, and a source from which it replicates (zero: none).
// The server must run.
func (s *Server) Preset(writable, semiSyncSource, semiSyncReplica bool, source topodata.TabletAlias) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read.on, s.read.super = !writable, !writable && !s.opts.StartWithoutSuper
	s.semi.source, s.semi.replica = semiSyncSource, semiSyncReplica
	s.startAckReceiver()
	s.stopReceiver()
	s.stopApplier()
	s.changeSource(source)
	if !source.IsZero() {
		s.startReceiver()
		s.startApplier()
	}
	s.emitReadOnly()
	s.emitSemiSync(0)
}

// PresetTable makes an empty table that the server has had for long, without a transaction.
func (s *Server) PresetTable(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables.named(name).Writes = 1
}
