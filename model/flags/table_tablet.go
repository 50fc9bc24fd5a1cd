package flags

import (
	"strconv"
	"time"

	"bufsim/model/release"
)

func healthTable() []Description {
	const c = ComponentVTTablet
	return []Description{
		entry(c, KindDuration, "health-check-interval", "20s", "Period of health messages that nothing else caused.", "T-72",
			func(s *Set) any { return &s.VTTablet.HealthCheckInterval }),
		entry(c, KindDuration, "degraded-threshold", "30s", "Lag from which the status page shows yellow.", "T-74",
			func(s *Set) any { return &s.VTTablet.DegradedThreshold }),
		entry(c, KindDuration, "unhealthy-threshold", "2h0m0s", "Lag above which a replica does not serve.", "T-74",
			func(s *Set) any { return &s.VTTablet.UnhealthyThreshold }),
		entry(c, KindSeconds, "shutdown-grace-period", "", "Time that a demotion gives to running queries and transactions; 0 is without limit.", "T-31",
			func(s *Set) any { return &s.VTTablet.ShutdownGracePeriod }).
			by(inDefaults(func(d release.Defaults) time.Duration { return d.ShutdownGracePeriod })),
		entry(c, KindDuration, "serving-state-grace-period", "0s", "Time for which a new primary still takes requests for a replica.", "T-28",
			func(s *Set) any { return &s.VTTablet.ServingStateGracePeriod }),
		entry(c, KindInt, "stream-health-buffer-size", "20", "Messages that a health stream's reader may lag behind.", "T-71",
			func(s *Set) any { return &s.VTTablet.StreamHealthBufferSize }),
		entry(c, KindBool, "enable-replication-reporter", "false", "Measure lag by asking MySQL.", "tablet 7",
			func(s *Set) any { return &s.VTTablet.EnableReplicationReporter }),
		entry(c, KindBool, "heartbeat-enable", "false", "Measure lag by heartbeat rows.", "T-78",
			func(s *Set) any { return &s.VTTablet.HeartbeatEnable }),
		entry(c, KindDuration, "heartbeat-interval", "1s", "Period of heartbeat rows.", "T-78",
			func(s *Set) any { return &s.VTTablet.HeartbeatInterval }),
		entry(c, KindDuration, "heartbeat-on-demand-duration", "0s", "Write heartbeats only this long after a request; 0 is always.", "T-78",
			func(s *Set) any { return &s.VTTablet.HeartbeatOnDemandDuration }),
	}
}

func queryServiceTable() []Description {
	const c = ComponentVTTablet
	return []Description{
		entry(c, KindInt, "queryserver-config-transaction-cap", "20", "Open transactions at a time.", "T-52",
			func(s *Set) any { return &s.VTTablet.TransactionCap }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-txpool-timeout", "1s", "Wait for room among the open transactions.", "T-52",
			func(s *Set) any { return &s.VTTablet.TxPoolTimeout }).sameSpelling(),
		entry(c, KindInt, "queryserver-config-pool-size", "16", "Queries at a time.", "T-52",
			func(s *Set) any { return &s.VTTablet.PoolSize }).sameSpelling(),
		entry(c, KindInt, "queryserver-config-stream-pool-size", "200", "Streaming queries at a time.", "T-52",
			func(s *Set) any { return &s.VTTablet.StreamPoolSize }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-query-pool-timeout", "0s", "Wait for a query connection; 0 is until the query's own limit.", "T-52",
			func(s *Set) any { return &s.VTTablet.QueryPoolTimeout }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-stream-pool-timeout", "0s", "Wait for a streaming connection; 0 is without limit.", "T-52",
			func(s *Set) any { return &s.VTTablet.StreamPoolTimeout }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-query-timeout", "30s", "Limit on a query.", "T-50",
			func(s *Set) any { return &s.VTTablet.QueryTimeout }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-transaction-timeout", "30s", "Limit on a transaction.", "T-54",
			func(s *Set) any { return &s.VTTablet.TransactionTimeout }).sameSpelling(),
		entry(c, KindSeconds, "queryserver-config-olap-transaction-timeout", "30s", "Limit on a transaction of an OLAP session.", "T-54",
			func(s *Set) any { return &s.VTTablet.OLAPTransactionTimeout }).sameSpelling(),
	}
}

func tabletManagerTable() []Description {
	const c = ComponentVTTablet
	return []Description{
		entry(c, KindString, "init-tablet-type", "REPLICA", "Type of a tablet at its start: REPLICA, RDONLY or SPARE.", "T-85",
			func(s *Set) any { return &s.VTTablet.InitTabletType }),
		entry(c, KindDuration, "init-timeout", "1m0s", "Limit on a tablet's start.", "T-85",
			func(s *Set) any { return &s.VTTablet.InitTimeout }),
		entry(c, KindDuration, "publish-retry-interval", "30s", "Wait before a tablet record that could not be written is tried again.", "T-84",
			func(s *Set) any { return &s.VTTablet.PublishRetryInterval }),
		entry(c, KindDuration, "shard-sync-retry-delay", "30s", "Wait before a shard record that could not be written is tried again.", "T-82",
			func(s *Set) any { return &s.VTTablet.ShardSyncRetryDelay }),
		entry(c, KindDuration, "replication-connect-retry", "10s", "Wait of a replica before it connects again.", "T-106",
			func(s *Set) any { return &s.VTTablet.ReplicationConnectRetry }),
		entry(c, KindDuration, "semi-sync-monitor-interval", "10s", "Period of the look for commits that wait for acknowledgements (v22).", "T-118",
			func(s *Set) any { return &s.VTTablet.SemiSyncMonitorInterval }).sameSpelling(),
		entry(c, KindBool, "use-super-read-only", "", "Set super_read_only on demotion (always from v17).", "R-31",
			func(s *Set) any { return &s.VTTablet.UseSuperReadOnly }).
			by(func(p release.Profile) string { return strconv.FormatBool(p.Defaults.UseSuperReadOnly) }),
		entry(c, KindString, "disk-write-dir", "", "Directory to probe for a stalled disk; empty is off (v22).", "T-12",
			func(s *Set) any { return &s.VTTablet.DiskWriteDir }).sameSpelling(),
		entry(c, KindDuration, "disk-write-interval", "5s", "Period of that probe.", "T-12",
			func(s *Set) any { return &s.VTTablet.DiskWriteInterval }).sameSpelling(),
		entry(c, KindDuration, "disk-write-timeout", "30s", "Limit on that probe.", "T-12",
			func(s *Set) any { return &s.VTTablet.DiskWriteTimeout }).sameSpelling(),
		entry(c, KindBool, "track-shard-tablet-health", "false", "Replicas ping their primary's vttablet and tell VTOrc of it (main).", "R-146",
			func(s *Set) any { return &s.VTTablet.TrackShardTabletHealth }).sameSpelling(),
	}
}

func operatorTable() []Description {
	const c = ComponentVTCtld
	return []Description{
		entry(c, KindDuration, "wait-replicas-timeout", "", "Limit on each phase of a reparent that waits for replication.", "R-8",
			func(s *Set) any { return &s.VTCtld.WaitReplicasTimeout }).
			by(inDefaults(func(d release.Defaults) time.Duration { return d.WaitReplicasTimeout })),
		entry(c, KindDuration, "action-timeout", "1h0m0s", "Limit on a whole command.", "R-7",
			func(s *Set) any { return &s.VTCtld.ActionTimeout }),
		entry(c, KindDuration, "tolerable-replication-lag", "0s", "Lag above which a replica is not elected; 0 is no limit (v19).", "R-52",
			func(s *Set) any { return &s.VTCtld.TolerableReplicationLag }).sameSpelling(),
		entry(c, KindBool, "allow-cross-cell-promotion", "false", "Elect replicas of other cells, too (v21).", "R-52",
			func(s *Set) any { return &s.VTCtld.AllowCrossCellPromotion }).sameSpelling(),
	}
}
