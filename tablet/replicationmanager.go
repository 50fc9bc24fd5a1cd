package tablet

import (
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// replicationManager repairs replication that has stopped, as tablets up to v15 did by
// themselves, unless an operator stopped it. One thread that stands still beside one that runs
// was stopped by somebody who means it, such as an emergency reparent, and is left alone.
// spec: tablet 12
type replicationManager struct {
	tm *tabletManager
	// stopped says that replication is meant to be stopped.
	stopped *sim.Atomic[bool]
}

// repairTimeout bounds one repair, the wait for the shard's lock included.
const repairTimeout = 5 * time.Second

func newReplicationManager(tm *tabletManager) *replicationManager {
	return &replicationManager{tm: tm, stopped: sim.NewAtomic(tm.env, "replication-stopped", false)}
}

// run looks after replication every health check interval, for ever.
func (r *replicationManager) run() {
	for {
		r.tm.env.Sleep(r.tm.t.opts.Flags.VTTablet.HealthCheckInterval)
		if !r.stopped.Load() && r.tm.self().Type.IsReplicaType() {
			r.check()
		}
	}
}

// check repairs what stands still, unless a call is under way that may have its own plans.
func (r *replicationManager) check() {
	if !r.tm.action.TryAcquire() {
		return
	}
	defer r.tm.action.Release()
	status, err := r.tm.t.mysql.ReplicationStatus()
	own := statusMessage(status)
	if err != nil && !errors.Is(err, mysqld.ErrNotReplica) || err == nil && (own.IOHealthy() || own.SQLHealthy()) {
		return
	}
	r.tm.t.step("repairReplication", "begin", nil)
	r.tm.t.step("repairReplication", "end", r.repair())
}

// repair attaches the tablet to the primary of the shard's record, under the shard's lock, so
// that no reparent is under way.
func (r *replicationManager) repair() (err error) {
	ctx, cancel := r.tm.env.WithTimeout(r.tm.env.Background(), repairTimeout)
	defer cancel()
	self := r.tm.self()
	shard, err := r.tm.t.topo.GetShard(ctx, self.Keyspace, self.Shard)
	if err != nil {
		return err
	}
	if shard.PrimaryAlias.IsZero() || shard.PrimaryAlias == self.Alias {
		return fmt.Errorf("no primary tablet for shard %s/%s", self.Keyspace, self.Shard)
	}
	ctx, unlock, err := r.tm.t.topo.LockShard(ctx, self.Keyspace, self.Shard, fmt.Sprintf("repairReplication to %v as parent)", shard.PrimaryAlias))
	if err != nil {
		return err
	}
	defer unlock(&err)
	return r.tm.setReplicationSource(ctx, tmclient.SetReplicationSourceRequest{Parent: shard.PrimaryAlias, ForceStart: true}, semiSyncKeep)
}
