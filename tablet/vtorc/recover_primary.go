package vtorc

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// fixPrimary makes the primary writable and serving, with semi-sync as the policy wants it.
// spec: R-141
func (r *recovery) fixPrimary(ctx *sim.Context) error {
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	return r.tm.UndoDemotePrimary(ctx, r.Tablet, r.snap.Policy.AcksNeeded() > 0)
}

// resetPrimary makes the primary forget that it replicates from somebody.
// spec: R-141
func (r *recovery) resetPrimary(ctx *sim.Context) error {
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	return r.tm.ResetReplicationParameters(ctx, r.Tablet)
}

// endStaleTerm makes a tablet that is PRIMARY of an older term a replica of the present one,
// in the topology too.
// spec: R-141
func (r *recovery) endStaleTerm(ctx *sim.Context) error {
	demoteCtx, cancel := r.withROT(ctx)
	defer cancel()
	if _, err := r.tm.DemotePrimary(demoteCtx, r.Tablet, r.opts.Release.Behaviors.DemotePrimaryForce); err != nil {
		return err
	}
	if err := r.attach(ctx); err != nil {
		return err
	}
	recordCtx, cancelRecord := r.withROT(ctx)
	defer cancelRecord()
	_, err := r.ts.UpdateTabletFields(recordCtx, r.Tablet, func(t *topodata.Tablet) error {
		t.Type, t.PrimaryTermStartTime = topodata.Replica, 0
		return nil
	})
	return err
}
