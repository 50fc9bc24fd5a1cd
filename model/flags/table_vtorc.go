package flags

import (
	"time"

	"bufsim/model/release"
)

func vtorcTable() []Description {
	const c = ComponentVTOrc
	return []Description{
		entry(c, KindDuration, "instance-poll-time", "5s", "Period of VTOrc's look at each tablet.", "R-140",
			func(s *Set) any { return &s.VTOrc.InstancePollTime }).sameSpelling(),
		entry(c, KindDuration, "topo-information-refresh-duration", "15s", "Period of VTOrc's look at the topology.", "R-140",
			func(s *Set) any { return &s.VTOrc.TopoInformationRefreshDuration }).sameSpelling(),
		entry(c, KindDuration, "recovery-poll-duration", "1s", "Period of VTOrc's analysis.", "R-140",
			func(s *Set) any { return &s.VTOrc.RecoveryPollDuration }).sameSpelling(),
		entry(c, KindDuration, "reasonable-replication-lag", "10s", "Time without a write after which a primary without acknowledgers counts as locked.", "R-141",
			func(s *Set) any { return &s.VTOrc.ReasonableReplicationLag }).sameSpelling(),
		entry(c, KindBool, "allow-recovery", "true", "Recover at all.", "R-142",
			func(s *Set) any { return &s.VTOrc.AllowRecovery }).sameSpelling(),
		entry(c, KindBool, "allow-emergency-reparent", "true", "Recover by EmergencyReparentShard.", "R-144",
			func(s *Set) any { return &s.VTOrc.AllowEmergencyReparent }).sameSpelling(),
		entry(c, KindBool, "prevent-cross-cell-failover", "false", "Promote no replica of another cell in an emergency.", "R-144",
			func(s *Set) any { return &s.VTOrc.PreventCrossCellFailover }).sameSpelling(),
		entry(c, KindBool, "change-tablets-with-errant-gtid-to-drained", "false", "Take replicas with errant transactions out of service.", "R-141",
			func(s *Set) any { return &s.VTOrc.ChangeTabletsWithErrantGTIDToDrained }).sameSpelling(),
		entry(c, KindBool, "enable-primary-disk-stalled-recovery", "false", "Replace a primary whose disk stalls (v22).", "R-141",
			func(s *Set) any { return &s.VTOrc.EnablePrimaryDiskStalledRecovery }).sameSpelling(),
		entry(c, KindBool, "emergency-reparent-on-primary-tablet-unreachable", "false", "Replace a primary whose vttablet the replicas' vttablets cannot reach either (main).", "R-146",
			func(s *Set) any { return &s.VTOrc.EmergencyReparentOnPrimaryTabletUnreachable }).sameSpelling(),
		entry(c, KindDuration, "recovery-period-block-duration", "", "Time between two recoveries of a shard (no effect from v20 on; fixed in orchestrator, up to v14).", "R-143",
			func(s *Set) any { return &s.VTOrc.RecoveryPeriodBlockDuration }).sameSpelling().
			by(inDefaults(func(d release.Defaults) time.Duration { return d.RecoveryPeriodBlock })),
	}
}
