package mysqld

import (
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
)

// HostName is the host on which a tablet's MySQL server runs.
func HostName(tablet topodata.TabletAlias) string { return hostPrefix + tablet.String() }

const hostPrefix = "mysqld-"

// Options are the properties of one server; a zero field means the default.
type Options struct {
	// Alias is the tablet that the server belongs to; it names the host and the uuid.
	Alias topodata.TabletAlias
	// Timings are the durations of everything; nil is DefaultTimings.
	Timings *Timings
	// StartWithoutSuper starts the server with read_only alone, as up to v16. spec: T-121
	StartWithoutSuper bool
	// NetTimeout is after what silence a replica gives its source up; default 8s. spec: T-106
	NetTimeout time.Duration
	// ConnectRetry is the pause before a replica connects again; default 10s. spec: T-106
	ConnectRetry time.Duration
	// AckCount is how many replicas must have a transaction
	// (rpl_semi_sync_source_wait_for_replica_count); default 1. spec: T-113
	AckCount int
	// AckTimeout is how long a commit waits for them before the source falls back to
	// asynchronous replication (rpl_semi_sync_source_timeout); 0 is for ever, which stands for
	// Vitess's 10^18 ms. spec: T-113
	AckTimeout time.Duration
	// Cores are shared with other servers of the same machine; nil is a machine of its own with
	// as many as it needs.
	Cores *Cores
	// SemiSyncSwitchInstant makes switching the source's side off cost nothing instead of up
	// to a second. spec: T-117a
	SemiSyncSwitchInstant bool
}

const (
	netTimeoutDefault   = 8 * time.Second
	connectRetryDefault = 10 * time.Second
	ackCountDefault     = 1
	// semiSyncPoll is the poll of MySQL's ACK receiver thread. spec: T-117a
	semiSyncPoll = time.Second
)

func (o Options) withDefaults() Options {
	if o.Timings == nil {
		t := DefaultTimings()
		o.Timings = &t
	}
	if o.NetTimeout == 0 {
		o.NetTimeout = netTimeoutDefault
	}
	if o.ConnectRetry == 0 {
		o.ConnectRetry = connectRetryDefault
	}
	if o.AckCount == 0 {
		o.AckCount = ackCountDefault
	}
	return o
}

// Timings are how long things take; the zero value is a server that costs no time.
type Timings struct {
	// Read and Write are the service times of statements, Commit that of an explicit COMMIT;
	// waiting for semi-sync comes on top. spec: W-40
	Read, Write, Commit sim.Dist
	// Status is a status query or a quick setting.
	Status sim.Dist
	// The steps of reparents. spec: R-90
	SuperReadOnly    sim.Dist
	StopReplication  sim.Dist
	StartReplication sim.Dist
	ResetReplication sim.Dist
	FlushBinaryLogs  sim.Dist
	ChangeSource     sim.Dist
	// ReplicaConnect is the time from START REPLICA to the request for events.
	ReplicaConnect sim.Dist
	// SemiSyncSwitchFast is the switch of the source's side when an ACK is under way.
	// spec: T-117a
	SemiSyncSwitchFast sim.Dist
	// Ack is what a replica takes to flush its relay log before it acknowledges.
	Ack sim.Dist
	// Apply is from receipt to commit on a replica that is not behind. Transactions overlap
	// but commit in order, as with parallel appliers, so it does not bound the rate.
	Apply sim.Dist
	// ApplyRate is the most transactions a replica applies in a second; 0 is no limit.
	// spec: T-107
	ApplyRate int64
	// SourceDelay holds each transaction back until that long after its commit on the source.
	SourceDelay time.Duration
	// DiskDelay is added to everything that reads or writes the disk: statements, COMMITs, the
	// flush of the relay log and of the binary log, the applier's transactions.
	DiskDelay time.Duration
	// DiskFactor multiplies the time of the same, before DiskDelay; 0 and 1 change nothing.
	DiskFactor int64
}

// onDisk gives the time of a piece of work on the disk that would take d on a healthy one.
func (t *Timings) onDisk(d time.Duration) time.Duration {
	return d*time.Duration(max(t.DiskFactor, 1)) + t.DiskDelay
}

// DefaultTimings gives the values of the specification.
// spec: W-40, R-90
func DefaultTimings() Timings {
	const ms, us = time.Millisecond, time.Microsecond
	return Timings{
		Read:               sim.LogNormal(500*us, 5*ms, 50*us, 0),
		Write:              sim.LogNormal(1200*us, 8*ms, 100*us, 0),
		Commit:             sim.LogNormal(800*us, 5*ms, 100*us, 0),
		Status:             sim.LogNormal(500*us, 2*ms, 100*us, 10*ms),
		SuperReadOnly:      sim.LogNormal(2*ms, 9*ms, ms, 9*ms),
		StopReplication:    sim.LogNormal(3*ms, 50*ms, ms, 50*ms),
		StartReplication:   sim.LogNormal(6*ms, 30*ms, ms, 50*ms),
		ResetReplication:   sim.LogNormal(5*ms, 50*ms, 2*ms, 5*time.Second),
		FlushBinaryLogs:    sim.LogNormal(4*ms, 100*ms, 2*ms, 100*ms),
		ChangeSource:       sim.LogNormal(10*ms, 300*ms, 5*ms, 300*ms),
		ReplicaConnect:     sim.LogNormal(4*ms, 40*ms, ms, time.Second),
		SemiSyncSwitchFast: sim.LogNormal(5*ms, 30*ms, 3*ms, 35*ms),
		Ack:                sim.Constant(300 * us),
		Apply:              sim.LogNormal(2*ms, 20*ms, 100*us, 0),
	}
}
