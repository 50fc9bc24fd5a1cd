package runner

import (
	"fmt"
	"math"

	"bufsim/experiments/scenario"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

func gateName(n int) string { return fmt.Sprintf("gate-%d", n) }

// mysqlTimings turns a scenario's profile of a MySQL server into the server's
// own; what scenarios do not speak of keeps its default. spec: R-90, W-40
func mysqlTimings(m scenario.MySQL, steps scenario.Steps) mysqld.Timings {
	t := mysqld.DefaultTimings()
	t.Read, t.Write = m.ReadTime.Sim(), m.WriteTime.Sim()
	t.Ack, t.Apply = m.AckTime.Sim(), m.ApplyTime.Sim()
	if rate := float64(m.ApplyRate); rate > 0 && !math.IsInf(rate, 1) {
		t.ApplyRate = max(1, int64(math.Round(rate)))
	}
	t.SourceDelay = m.ReplicationDelay.Std()
	t.SuperReadOnly = steps.SuperReadOnly.Sim()
	t.StopReplication, t.StartReplication = steps.StopReplication.Sim(), steps.StartReplication.Sim()
	t.ResetReplication, t.FlushBinaryLogs = steps.ResetReplication.Sim(), steps.FlushBinaryLogs.Sim()
	t.ChangeSource, t.ReplicaConnect = steps.ChangeSource.Sim(), steps.ReplicaReconnect.Sim()
	return t
}

func tabletTimings(c scenario.Cluster) tablet.Timings {
	t := tablet.DefaultTimings()
	t.CPU = c.CPU.VTTablet.Sim()
	t.ServePrimary, t.PromoteDelay = c.Steps.ServeTransition.Sim(), c.Steps.PromoteDelay.Sim()
	return t
}
