package flags

import (
	"strconv"
	"time"

	"bufsim/model/release"
)

// Descriptions lists every flag, by component and in the order of the documentation.
func Descriptions() []Description {
	all := bufferTable()
	all = append(all, gatewayTable()...)
	all = append(all, discoveryTable()...)
	all = append(all, healthTable()...)
	all = append(all, queryServiceTable()...)
	all = append(all, tabletManagerTable()...)
	all = append(all, operatorTable()...)
	all = append(all, vtorcTable()...)
	return append(all, commonTable()...)
}

// always is a default that all releases share.
func always(text string) func(release.Profile) string {
	return func(release.Profile) string { return text }
}

// inDefaults is a duration default that depends on the release.
func inDefaults(get func(release.Defaults) time.Duration) func(release.Profile) string {
	return func(p release.Profile) string { return get(p.Defaults).String() }
}

// entry makes a description whose old spelling has underscores for dashes.
func entry(c Component, k Kind, name, fallback, help, rule string, field func(*Set) any) Description {
	return Description{
		Name: name, OldName: oldSpelling(name), Component: c, Kind: k, Help: help, Rule: rule,
		fallback: always(fallback), field: field,
	}
}

// sameSpelling marks a flag that had dashes before v23, too.
func (d Description) sameSpelling() Description {
	d.OldName = d.Name
	return d
}

// by replaces the default by one that depends on the release.
func (d Description) by(fallback func(release.Profile) string) Description {
	d.fallback = fallback
	return d
}

func bufferTable() []Description {
	const c = ComponentVTGate
	return []Description{
		entry(c, KindBool, "enable-buffer", "false", "Hold requests to a primary while its shard fails over.", "buffer 2.1",
			func(s *Set) any { return &s.VTGate.EnableBuffer }),
		entry(c, KindBool, "enable-buffer-dry-run", "false", "Track failovers of shards that are not listed without holding requests.", "B-60",
			func(s *Set) any { return &s.VTGate.EnableBufferDryRun }),
		entry(c, KindDuration, "buffer-window", "10s", "Longest time that one request is held.", "B-36",
			func(s *Set) any { return &s.VTGate.BufferWindow }),
		entry(c, KindInt, "buffer-size", "", "Requests that the gate holds at most, over all shards.", "B-21",
			func(s *Set) any { return &s.VTGate.BufferSize }).
			by(func(p release.Profile) string { return strconv.Itoa(p.Defaults.BufferSize) }),
		entry(c, KindDuration, "buffer-max-failover-duration", "20s", "Longest time that one shard buffers.", "B-38",
			func(s *Set) any { return &s.VTGate.BufferMaxFailoverDuration }),
		entry(c, KindDuration, "buffer-min-time-between-failovers", "1m0s", "Time after the end of buffering in which a shard does not buffer again.", "B-15",
			func(s *Set) any { return &s.VTGate.BufferMinTimeBetweenFailovers }),
		entry(c, KindInt, "buffer-drain-concurrency", "1", "Held requests of a shard that are retried at the same time (no effect before v19).", "B-45",
			func(s *Set) any { return &s.VTGate.BufferDrainConcurrency }),
		entry(c, KindString, "buffer-keyspace-shards", "", "Comma list of keyspaces and keyspace/shards to buffer; empty means all.", "B-1",
			func(s *Set) any { return &s.VTGate.BufferKeyspaceShards }),
		entry(c, KindString, "buffer-implementation", "", "What ends buffering: keyspace_events or healthcheck (ignored in v18, gone in v19).", "buffer 2.1",
			func(s *Set) any { return &s.VTGate.BufferImplementation }).
			by(func(p release.Profile) string { return p.Defaults.BufferImplementation }),
	}
}

func gatewayTable() []Description {
	const c = ComponentVTGate
	return []Description{
		entry(c, KindString, "cell", "", "Cell that the gate lives in.", "gateway 2",
			func(s *Set) any { return &s.VTGate.Cell }),
		entry(c, KindString, "cells-to-watch", "", "Comma list of cells whose tablets the gate uses.", "gateway 2",
			func(s *Set) any { return &s.VTGate.CellsToWatch }),
		entry(c, KindString, "keyspaces-to-watch", "", "Comma list of keyspaces that the gate serves; empty means all.", "gateway 2",
			func(s *Set) any { return &s.VTGate.KeyspacesToWatch }),
		entry(c, KindString, "tablet-types-to-wait", "", "Comma list of tablet types that the gate waits for at its start.", "G-80",
			func(s *Set) any { return &s.VTGate.TabletTypesToWait }),
		entry(c, KindString, "allowed-tablet-types", "", "Comma list of tablet types that the gate serves; empty means all.", "G-21",
			func(s *Set) any { return &s.VTGate.AllowedTabletTypes }),
		entry(c, KindDuration, "gateway-initial-tablet-timeout", "30s", "Longest wait for tablets at the gate's start.", "G-80",
			func(s *Set) any { return &s.VTGate.GatewayInitialTabletTimeout }),
		entry(c, KindInt, "retry-count", "2", "Attempts of a request after its first.", "G-27",
			func(s *Set) any { return &s.VTGate.RetryCount }).sameSpelling(),
		entry(c, KindInt, "query-timeout", "0", "Limit on a statement in milliseconds, time in the buffer included; 0 is none.", "G-79a",
			func(s *Set) any { return &s.VTGate.QueryTimeout }).sameSpelling(),
		entry(c, KindDuration, "mysql-server-query-timeout", "0s", "Limit on a MySQL command; 0 is none.", "G-79a",
			func(s *Set) any { return &s.VTGate.MySQLServerQueryTimeout }),
		entry(c, KindBool, "mysql-server-drain-onterm", "false", "On SIGTERM, wait until the clients have left.", "G-86",
			func(s *Set) any { return &s.VTGate.MySQLServerDrainOnTerm }),
		entry(c, KindString, "transaction-mode", "MULTI", "SINGLE, MULTI or TWOPC.", "gateway 2",
			func(s *Set) any { return &s.VTGate.TransactionMode }),
	}
}

func discoveryTable() []Description {
	const c = ComponentVTGate
	return []Description{
		entry(c, KindDuration, "healthcheck-retry-delay", "2ms", "First wait before a broken health stream is opened again; doubles each time.", "D-11",
			func(s *Set) any { return &s.VTGate.HealthCheckRetryDelay }),
		entry(c, KindDuration, "healthcheck-timeout", "1m0s", "Silence after which a health stream is given up, and the longest wait between tries.", "D-13",
			func(s *Set) any { return &s.VTGate.HealthCheckTimeout }),
		entry(c, KindDuration, "tablet-refresh-interval", "1m0s", "Period of the look for new tablets in the topology.", "D-73",
			func(s *Set) any { return &s.VTGate.TabletRefreshInterval }),
		entry(c, KindBool, "tablet-refresh-known-tablets", "true", "Look for new addresses of known tablets, too.", "D-74",
			func(s *Set) any { return &s.VTGate.TabletRefreshKnownTablets }),
		entry(c, KindInt, "topo-read-concurrency", "32", "Parallel reads of tablet records.", "discovery 1",
			func(s *Set) any { return &s.VTGate.TopoReadConcurrency }),
		entry(c, KindDuration, "discovery-low-replication-lag", "30s", "Replicas up to this lag are all used.", "D-45",
			func(s *Set) any { return &s.VTGate.DiscoveryLowReplicationLag }),
		entry(c, KindDuration, "discovery-high-replication-lag-minimum-serving", "2h0m0s", "Replicas above this lag are not used.", "D-45",
			func(s *Set) any { return &s.VTGate.DiscoveryHighReplicationLagMinimumServing }),
		entry(c, KindInt, "min-number-serving-vttablets", "2", "Replicas that are used although they lag, if there are no better ones.", "D-45",
			func(s *Set) any { return &s.VTGate.MinNumberServingVTTablets }),
		entry(c, KindBool, "legacy-replication-lag-algorithm", "", "Choose replicas by their lag relative to the others.", "D-46",
			func(s *Set) any { return &s.VTGate.LegacyReplicationLagAlgorithm }).
			by(func(p release.Profile) string { return strconv.FormatBool(p.Defaults.LegacyReplicationLagAlgorithm) }),
	}
}

func commonTable() []Description {
	const c = ComponentCommon
	return []Description{
		entry(c, KindDuration, "remote-operation-timeout", "", "Limit on a call to a tablet manager or the topology.", "R-7",
			func(s *Set) any { return &s.Common.RemoteOperationTimeout }).
			by(inDefaults(func(d release.Defaults) time.Duration { return d.RemoteOperationTimeout })),
		entry(c, KindDuration, "lock-timeout", "", "Longest wait for a topology lock.", "R-2",
			func(s *Set) any { return &s.Common.LockTimeout }).sameSpelling().
			by(inDefaults(func(d release.Defaults) time.Duration { return d.LockTimeout })),
		entry(c, KindInt, "topo-etcd-lease-ttl", "30", "Seconds for which a lock outlives its holder.", "R-3",
			func(s *Set) any { return &s.Common.TopoEtcdLeaseTTL }),
		entry(c, KindBool, "disable-active-reparents", "false", "Leave reparents to external tools: refuse them and start no replication.", "R-165",
			func(s *Set) any { return &s.Common.DisableActiveReparents }),
		entry(c, KindDuration, "lameduck-period", "50ms", "Shortest time between SIGTERM and the closing of listeners.", "G-85",
			func(s *Set) any { return &s.Common.LameduckPeriod }).sameSpelling(),
		entry(c, KindDuration, "onterm-timeout", "10s", "Limit on what a process does first after SIGTERM.", "G-85",
			func(s *Set) any { return &s.Common.OnTermTimeout }),
		entry(c, KindDuration, "onclose-timeout", "10s", "Limit on what a process does last.", "G-85",
			func(s *Set) any { return &s.Common.OnCloseTimeout }),
		entry(c, KindDuration, "grpc-keepalive-time", "10s", "Silence after which a connection is probed.", "gateway 2",
			func(s *Set) any { return &s.Common.GRPCKeepaliveTime }),
		entry(c, KindDuration, "grpc-keepalive-timeout", "10s", "Wait for the answer to that probe.", "gateway 2",
			func(s *Set) any { return &s.Common.GRPCKeepaliveTimeout }),
		entry(c, KindDuration, "srv-topo-cache-ttl", "1s", "Age up to which a serving record is given while a new watch starts.", "O-59",
			func(s *Set) any { return &s.Common.SrvTopoCacheTTL }),
		entry(c, KindDuration, "srv-topo-cache-refresh", "1s", "Shortest time between two tries to watch a serving record.", "O-59",
			func(s *Set) any { return &s.Common.SrvTopoCacheRefresh }),
		entry(c, KindDuration, "srv-topo-timeout", "5s", "Limit on a read of a serving record that is not watched.", "discovery 1",
			func(s *Set) any { return &s.Common.SrvTopoTimeout }),
	}
}
