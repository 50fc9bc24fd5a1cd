package flags

import (
	"time"

	"bufsim/model/release"
)

// Set is the value of every flag. It is a plain comparable value: copy it freely.
type Set struct {
	Common   Common
	VTGate   VTGate
	VTTablet VTTablet
	VTCtld   VTCtld
	VTOrc    VTOrc
}

// Common is the flags that several programs have.
type Common struct {
	// RemoteOperationTimeout bounds tablet manager and topo calls (ROT). spec: R-7
	RemoteOperationTimeout time.Duration
	// LockTimeout bounds the wait for a topo lock. spec: R-2
	LockTimeout time.Duration
	// TopoEtcdLeaseTTL is the life of a lock whose holder died, in seconds. spec: R-3
	TopoEtcdLeaseTTL int
	// DisableActiveReparents leaves reparents and replication to other tools. spec: R-165
	DisableActiveReparents bool
	// LameduckPeriod, OnTermTimeout and OnCloseTimeout are the stages of a stop. spec: G-85, T-90
	LameduckPeriod time.Duration
	OnTermTimeout  time.Duration
	OnCloseTimeout time.Duration
	// GRPCKeepaliveTime and GRPCKeepaliveTimeout bound how long a silent network cut goes
	// unnoticed. spec: gateway 2
	GRPCKeepaliveTime    time.Duration
	GRPCKeepaliveTimeout time.Duration
	// SrvTopoCacheTTL, SrvTopoCacheRefresh and SrvTopoTimeout govern the serving graph's
	// cache. spec: O-58..O-60
	SrvTopoCacheTTL     time.Duration
	SrvTopoCacheRefresh time.Duration
	SrvTopoTimeout      time.Duration
}

// VTGate is the flags of the gate.
type VTGate struct {
	// The buffer's flags. spec: buffer 2.1
	EnableBuffer                  bool
	EnableBufferDryRun            bool
	BufferWindow                  time.Duration
	BufferSize                    int
	BufferMaxFailoverDuration     time.Duration
	BufferMinTimeBetweenFailovers time.Duration
	BufferDrainConcurrency        int
	BufferKeyspaceShards          string
	BufferImplementation          string

	// Routing and limits. spec: gateway 2
	Cell                        string
	CellsToWatch                string
	KeyspacesToWatch            string
	TabletTypesToWait           string
	AllowedTabletTypes          string
	GatewayInitialTabletTimeout time.Duration
	RetryCount                  int
	// QueryTimeout is in milliseconds, as the flag is; 0 is no limit.
	QueryTimeout            int
	MySQLServerQueryTimeout time.Duration
	MySQLServerDrainOnTerm  bool
	TransactionMode         string

	// Discovery. spec: discovery 1
	HealthCheckRetryDelay                     time.Duration
	HealthCheckTimeout                        time.Duration
	TabletRefreshInterval                     time.Duration
	TabletRefreshKnownTablets                 bool
	TopoReadConcurrency                       int
	DiscoveryLowReplicationLag                time.Duration
	DiscoveryHighReplicationLagMinimumServing time.Duration
	MinNumberServingVTTablets                 int
	LegacyReplicationLagAlgorithm             bool
}

// VTTablet is the flags of the tablet.
type VTTablet struct {
	// The state manager and health stream. spec: tablet 11
	HealthCheckInterval     time.Duration
	DegradedThreshold       time.Duration
	UnhealthyThreshold      time.Duration
	ShutdownGracePeriod     time.Duration
	ServingStateGracePeriod time.Duration
	StreamHealthBufferSize  int

	// Pools and timeouts of the query service; 0 is no limit. spec: T-50..T-54
	TransactionCap         int
	TxPoolTimeout          time.Duration
	PoolSize               int
	StreamPoolSize         int
	QueryPoolTimeout       time.Duration
	StreamPoolTimeout      time.Duration
	QueryTimeout           time.Duration
	TransactionTimeout     time.Duration
	OLAPTransactionTimeout time.Duration

	// Replication. spec: T-74..T-78, T-106, T-118
	EnableReplicationReporter bool
	HeartbeatEnable           bool
	HeartbeatInterval         time.Duration
	HeartbeatOnDemandDuration time.Duration
	ReplicationConnectRetry   time.Duration
	SemiSyncMonitorInterval   time.Duration

	// The tablet manager. spec: T-82..T-85
	InitTabletType       string
	InitTimeout          time.Duration
	PublishRetryInterval time.Duration
	ShardSyncRetryDelay  time.Duration
	UseSuperReadOnly     bool
	DiskWriteDir         string
	DiskWriteInterval    time.Duration
	DiskWriteTimeout     time.Duration
	// TrackShardTabletHealth has replicas ping their primary's vttablet. spec: R-146
	TrackShardTabletHealth bool
}

// VTCtld is the flags of the operator's commands.
type VTCtld struct {
	// WaitReplicasTimeout bounds each phase of a reparent that waits for replication (WRT).
	// spec
	WaitReplicasTimeout time.Duration
	// ActionTimeout bounds a whole command. spec: R-7
	ActionTimeout time.Duration
	// TolerableReplicationLag drops laggards from the election; 0 is no limit. spec: R-52
	TolerableReplicationLag time.Duration
	// AllowCrossCellPromotion admits candidates of other cells. spec: R-52
	AllowCrossCellPromotion bool
}

// VTOrc is the flags of VTOrc. Its `--wait-replicas-timeout` and `--tolerable-replication-lag`
// have the names of vtctldclient's flags; the cluster's description of VTOrc sets them.
type VTOrc struct {
	// InstancePollTime, TopoInformationRefreshDuration and RecoveryPollDuration are the periods
	// of the three loops. spec: R-140
	InstancePollTime               time.Duration
	TopoInformationRefreshDuration time.Duration
	RecoveryPollDuration           time.Duration
	// ReasonableReplicationLag is how long a primary's log may stand still before it counts as
	// locked. spec: R-141
	ReasonableReplicationLag time.Duration
	// AllowRecovery and AllowEmergencyReparent switch recoveries off. spec
	AllowRecovery          bool
	AllowEmergencyReparent bool
	// PreventCrossCellFailover keeps primaries in their cells. spec: R-144
	PreventCrossCellFailover bool
	// ChangeTabletsWithErrantGTIDToDrained and EnablePrimaryDiskStalledRecovery are the opt-ins.
	// spec: R-141
	ChangeTabletsWithErrantGTIDToDrained bool
	EnablePrimaryDiskStalledRecovery     bool
	// EmergencyReparentOnPrimaryTabletUnreachable acts when only a primary's vttablet dies.
	// spec: R-146
	EmergencyReparentOnPrimaryTabletUnreachable bool
	// RecoveryPeriodBlockDuration is the time between two recoveries of a shard. spec: R-143
	RecoveryPeriodBlockDuration time.Duration
}

// Defaults gives the values that a release starts with when no flag is given. Flags that
// Vitess requires (cells, tablet types to wait for) have no default and are empty.
func Defaults(p release.Profile) Set {
	var s Set
	for _, d := range Descriptions() {
		if err := d.assign(&s, d.Default(p)); err != nil {
			panic("flags: default of " + d.Name + ": " + err.Error())
		}
	}
	return s
}
