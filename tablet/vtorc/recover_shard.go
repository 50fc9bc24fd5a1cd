package vtorc

import (
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// emergencyReparent replaces the primary without its help. Where its record is gone, the last
// tablet must answer, too: it may be the most advanced.
// spec
func (r *recovery) emergencyReparent(ctx *sim.Context, waitForAll bool) error {
	_, err := r.reparenter.EmergencyReparentShard(ctx, r.Keyspace, r.Shard, reparent.EmergencyOptions{
		WaitReplicasTimeout:       r.opts.WaitReplicasTimeout,
		PreventCrossCellPromotion: r.opts.VTOrc.PreventCrossCellFailover && r.opts.Release.Behaviors.ERSUsesDurability,
		WaitForAllTablets:         waitForAll,
	})
	return err
}

// plannedReparent elects a primary: the first one of a shard, or another one.
// spec: R-141
func (r *recovery) plannedReparent(ctx *sim.Context) error {
	opts := reparent.PlannedOptions{WaitReplicasTimeout: r.opts.WaitReplicasTimeout}
	if r.opts.Release.Behaviors.TolerableLag {
		opts.TolerableReplicationLag = r.opts.TolerableReplicationLag
	}
	_, err := r.reparenter.PlannedReparentShard(ctx, r.Keyspace, r.Shard, opts)
	return err
}

// replaceIncapacitated asks the primary nicely first.
// spec: R-141
func (r *recovery) replaceIncapacitated(ctx *sim.Context) error {
	err := r.plannedReparent(ctx)
	if err == nil || !r.emergencyAllowed() {
		return err
	}
	r.env.Logf("warning", "PlannedReparentShard of %s failed, going on with EmergencyReparentShard: %v", r.key, err)
	return r.emergencyReparent(ctx, false)
}
