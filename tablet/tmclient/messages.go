package tmclient

import (
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
)

// ThreadState is the state of a replication thread.
// spec: T-104
type ThreadState uint8

// The states. An applier is never connecting.
const (
	ThreadStopped ThreadState = iota
	ThreadConnecting
	ThreadRunning
)

// String names the state.
func (s ThreadState) String() string {
	return [...]string{"Stopped", "Connecting", "Running"}[s]
}

// ReplicationStatus is what a replica says about its replication.
// spec: T-103, T-104, T-108
type ReplicationStatus struct {
	// Position is the executed set.
	Position gtid.Set
	// RelayLogPosition is the executed set with what was received and is not applied yet.
	RelayLogPosition gtid.Set
	// Source is the tablet to whose MySQL the replica is attached; zero if it has none.
	Source topodata.TabletAlias
	// SourceUUID is that server's uuid, zero until the replica has connected.
	SourceUUID gtid.UUID
	IOState    ThreadState
	SQLState   ThreadState
	IOError    string
	SQLError   string
	// LagUnknown says that Lag means nothing: a thread is stopped or not connected.
	LagUnknown bool
	Lag        time.Duration
	// TakingBackup says that an online backup runs; the type stays what it is. spec: R-52
	TakingBackup bool
	// BufferPoolPages is how many data pages MySQL's buffer pool holds. MODEL: PRS takes it
	// from here, not from the answer to its reachability probe. spec: R-52
	BufferPoolPages int64
}

// IOHealthy reports whether the receiver runs, or connects without an error so far.
// spec: R-35
func (s ReplicationStatus) IOHealthy() bool {
	return s.IOState == ThreadRunning || s.IOState == ThreadConnecting && s.IOError == ""
}

// SQLHealthy reports whether the applier runs.
func (s ReplicationStatus) SQLHealthy() bool { return s.SQLState == ThreadRunning }

// Healthy reports whether both threads are healthy.
func (s ReplicationStatus) Healthy() bool { return s.IOHealthy() && s.SQLHealthy() }

// PrimaryStatus is what a server says about itself as a source.
type PrimaryStatus struct {
	// Position is the executed set.
	Position   gtid.Set
	ServerUUID gtid.UUID
}

// FullStatus is what VTOrc polls.
// spec: R-140
type FullStatus struct {
	Alias      topodata.TabletAlias
	TabletType topodata.TabletType
	ServerUUID gtid.UUID
	// Primary is always set; Replication is nil for a server that has no source.
	Primary       PrimaryStatus
	Replication   *ReplicationStatus
	ReadOnly      bool
	SuperReadOnly bool
	// SemiSyncPrimaryEnabled and SemiSyncReplicaEnabled are the two sides of semi-sync.
	SemiSyncPrimaryEnabled bool
	SemiSyncReplicaEnabled bool
	// SemiSyncAckers counts the attached replicas that acknowledge.
	SemiSyncAckers int
	// SemiSyncBlocked is set by the tablet's monitor when commits hang. spec: T-118
	SemiSyncBlocked bool
	// DiskStalled is set by the tablet's probe of its disk (v22); then all else but alias and
	// type is left out, since MySQL is not asked. spec: T-12
	DiskStalled bool
	// PrimaryPinged is the shard's primary as a replica with TrackShardTabletHealth sees it, and
	// PrimaryPingFailures counts the pings in a row that its vttablet did not answer. spec: R-146
	PrimaryPinged       topodata.TabletAlias
	PrimaryPingFailures int
	// SourceHeartbeat is what a replica asks of its source; ReplicaNetTimeout is after what
	// silence it gives the source up. The one should be half of the other.
	SourceHeartbeat   time.Duration
	ReplicaNetTimeout time.Duration
}

// StopReplicationStatus is the status around a stop of the receiver.
// spec: R-41
type StopReplicationStatus struct {
	Before, After ReplicationStatus
}

// ReparentJournalInfo counts the rows of the reparent journal.
// spec: R-106
type ReparentJournalInfo struct {
	Length int
}

// The requests. A method without an entry here takes an Empty.
type (
	// Empty is the request of methods without arguments and the answer of those without
	// result.
	Empty struct{}

	// ChangeTypeRequest asks for another tablet type. spec: T-81, R-120
	ChangeTypeRequest struct {
		Type     topodata.TabletType
		SemiSync bool
	}

	// SemiSyncRequest is the request of PromoteReplica, UndoDemotePrimary, InitPrimary,
	// StartReplication and RestartReplication: whether this tablet's side of semi-sync is on. spec: R-13
	SemiSyncRequest struct{ SemiSync bool }

	// DemotePrimaryRequest is R-31's; Force releases commits that wait for ACKs.
	DemotePrimaryRequest struct{ Force bool }

	// WaitForPositionRequest is R-38's.
	WaitForPositionRequest struct{ Position gtid.Set }

	// SetReplicationSourceRequest is R-35's.
	SetReplicationSourceRequest struct {
		Parent topodata.TabletAlias
		// JournalTime is the key of the reparent journal row to wait for; zero waits for none.
		JournalTime topodata.Timestamp
		// WaitPosition is waited for if HasWaitPosition is set.
		WaitPosition    gtid.Set
		HasWaitPosition bool
		ForceStart      bool
		SemiSync        bool
		// SourceHeartbeat, unless zero, sets up the source anew even if it is the same, which
		// drops the relay log. spec
		SourceHeartbeat time.Duration
	}

	// InitReplicaRequest is R-42's.
	InitReplicaRequest struct {
		Parent      topodata.TabletAlias
		Position    gtid.Set
		JournalTime topodata.Timestamp
		SemiSync    bool
	}

	// PopulateReparentJournalRequest is R-39's.
	PopulateReparentJournalRequest struct {
		JournalTime topodata.Timestamp
		Action      string
		Primary     topodata.TabletAlias
		Position    gtid.Set
	}

	// ExecuteFetchAsDBARequest is a statement for MySQL.
	ExecuteFetchAsDBARequest struct{ SQL string }
)
