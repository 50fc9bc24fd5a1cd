package tablet

import (
	"bufsim/sim"
)

// replicationManager restarts replication that has stopped, as tablets up to v15 did by
// themselves, unless an operator stopped it.
// spec: tablet 12
type replicationManager struct {
	tm *tabletManager
	// stopped says that replication is meant to be stopped.
	stopped *sim.Atomic[bool]
}

func newReplicationManager(tm *tabletManager) *replicationManager {
	return &replicationManager{tm: tm, stopped: sim.NewAtomic(tm.env, "replication-stopped", false)}
}

// run looks after replication every health check interval, for ever.
func (r *replicationManager) run() {
	for {
		r.tm.env.Sleep(r.tm.t.opts.Flags.VTTablet.HealthCheckInterval)
		if !r.stopped.Load() && r.tm.self().Type.IsReplicaType() {
			r.repair()
		}
	}
}

// repair starts threads that do not run; a server without a source is left alone.
func (r *replicationManager) repair() {
	if r.tm.action.Acquire(r.tm.env.Background()) != nil {
		return
	}
	defer r.tm.action.Release()
	status, err := r.tm.t.mysql.ReplicationStatus()
	if err != nil || statusMessage(status).Healthy() {
		return
	}
	r.tm.t.step("repairReplication", "begin", nil)
	err = r.tm.t.mysql.StartReplication()
	r.tm.t.step("repairReplication", "end", err)
}
