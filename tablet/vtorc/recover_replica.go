package vtorc

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// fixReplica makes the replica read-only and attaches it to the present primary.
// spec: R-141
func (r *recovery) fixReplica(ctx *sim.Context) error {
	readOnlyCtx, cancel := r.withROT(ctx)
	defer cancel()
	if err := r.tm.SetReadOnly(readOnlyCtx, r.Tablet); err != nil {
		return err
	}
	return r.attach(ctx)
}

// attach makes the tablet replicate from the present primary. From v20 on it names a heartbeat
// interval, and so drops the relay log with all that was received and not applied.
// spec
func (r *recovery) attach(ctx *sim.Context) error {
	primary, own := r.snap.primary(), r.snap.find(r.Tablet)
	if primary == nil || own == nil {
		return errNoPrimary
	}
	as := own.member()
	if as.Type == topodata.Primary {
		as.Type = topodata.Replica
	}
	req := tmclient.SetReplicationSourceRequest{
		Parent: primary.Tablet.Alias, ForceStart: true, SemiSync: r.snap.Policy.IsAcker(primary.member(), as),
	}
	if r.opts.Release.Behaviors.RepairSetsHeartbeat {
		req.SourceHeartbeat = own.Status.ReplicaNetTimeout / 2
	}
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	return r.tm.SetReplicationSource(ctx, r.Tablet, req)
}

// drainErrant takes a replica with transactions of its own out of service.
// spec: R-141
func (r *recovery) drainErrant(ctx *sim.Context) error {
	primary, own := r.snap.primary(), r.snap.find(r.Tablet)
	if primary == nil || own == nil {
		return errNoPrimary
	}
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	return r.tm.ChangeType(ctx, r.Tablet, topodata.Drained, r.snap.Policy.IsAcker(primary.member(), own.member()))
}

// restartReplicas makes replicas of an unreachable primary connect to it again, all of them or
// any one, so that those whose connection leads nowhere notice it. The first error is the
// recovery's.
// spec: R-141
func (r *recovery) restartReplicas(ctx *sim.Context) error {
	candidates := r.restartable()
	if r.kind == RestartArbitraryDirectReplica && len(candidates) > 0 {
		i := r.choose.Intn(len(candidates))
		candidates = candidates[i : i+1]
	}
	var first error
	for _, t := range candidates {
		r.store.restarted(t.Tablet.Alias)
		if err := r.restart(ctx, t); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// restartable lists the replicas of the tablet that answer and were not restarted within the
// last minute. spec: R-141
func (r *recovery) restartable() []*Instance {
	var list []*Instance
	for i := range r.snap.Instances {
		t := &r.snap.Instances[i]
		recent := t.Restarted != 0 && r.within(t.Restarted, restartPause)
		if t.isReplicaOf(r.Tablet) && t.Check.valid(r.opts.VTOrc.InstancePollTime) && !recent {
			list = append(list, t)
		}
	}
	return list
}

func (r *recovery) restart(ctx *sim.Context, t *Instance) error {
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	if err := r.tm.StopReplication(ctx, t.Tablet.Alias); err != nil {
		return err
	}
	return r.tm.StartReplication(ctx, t.Tablet.Alias, t.Status.SemiSyncReplicaEnabled)
}
