package vtorc

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// recovery is one attempt to do something about a problem.
type recovery struct {
	*VTOrc
	Problem
	kind Recovery
	key  shardKey
	// snap is the shard as the latest analysis of this attempt saw it.
	snap *Snapshot
}

// attempt is the whole procedure: is it allowed, is the primary well, is the lock free, is the
// problem still there; then act, and look again. It blocks until all of that is over.
// spec: R-142
func (r *recovery) attempt() {
	r.snap = r.store.snapshot(r.key)
	if reason := r.forbidden(); reason != "" {
		r.skip(reason)
		return
	}
	if r.primaryIsIll() {
		r.env.Logf("error", "aborting %s, primary mitigation is required", r.Analysis)
		r.skip(SkipPrimaryRecovery)
		return
	}
	if !r.claim() {
		r.env.Logf("warning", "found an active or recent recovery on %v. Will not issue another %s.", r.Tablet, r.kind)
		r.skip(SkipRecentRecovery)
		return
	}
	defer r.release()
	began := r.env.Now()
	ctx, unlock, err := r.ts.TryLockShard(r.env.Background(), r.Keyspace, r.Shard, r.lockAction())
	if err != nil {
		r.env.Logf("error", "Failed to lock shard, aborting recovery: %v", err)
		r.skip(SkipShardLocked)
		return
	}
	r.counters.locked(r.env.Now().Sub(began))
	err = r.underLock(ctx)
	began = r.env.Now()
	unlock(&err)
	r.counters.unlocked(r.env.Now().Sub(began))
}

// lockAction is what others read in the lock. spec: R-5
func (r *recovery) lockAction() string {
	return "VTOrc Recovery for " + string(r.Analysis) + " on " + r.Tablet.String()
}

// forbidden says why the recovery is not even tried. spec
func (r *recovery) forbidden() SkipReason {
	switch {
	case !r.opts.VTOrc.AllowRecovery:
		return SkipGloballyDisabled
	case r.kind.needsEmergency() && !r.emergencyAllowed():
		return SkipEmergencyDisabled
	case r.kind.restarts() && len(r.restartable()) == 0:
		return SkipRecentRecovery
	default:
		return ""
	}
}

func (r *recovery) emergencyAllowed() bool {
	return r.opts.VTOrc.AllowEmergencyReparent && !r.snap.EmergencyDisabled
}

// primaryIsIll asks the primary again before another tablet is touched, and reports whether it
// has a problem itself. The two can wait for each other for ever: a primary whose commits hang
// because its replicas are stopped keeps them from being started. MODEL: that it lacks
// acknowledgers does not count, or no replica could ever be repaired.
// spec: R-142, issue 19921
func (r *recovery) primaryIsIll() bool {
	primary := r.snap.primary()
	if primary == nil || primary.Tablet.Alias == r.Tablet || r.kind.isShardWide() {
		return false
	}
	r.discover(primary.Tablet.Alias)
	r.snap = r.store.snapshot(r.key)
	for _, p := range Analyze(r.snap, r.criteria()) {
		if p.Tablet == primary.Tablet.Alias && p.Analysis != LockedSemiSyncPrimary {
			return true
		}
	}
	return false
}

// claim makes this the recovery of the shard; false if another is under way or, up to v19, was
// begun too recently.
// spec: R-143
func (r *recovery) claim() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, any := r.registered[r.key]
	blocked := any && r.opts.Release.Behaviors.RecoveryBlock && r.within(last, r.opts.VTOrc.RecoveryPeriodBlockDuration)
	if blocked || r.recovering[r.key] {
		return false
	}
	r.recovering[r.key] = true
	return true
}

func (r *recovery) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.recovering, r.key)
}

// register notes when the recovery began. spec: R-143
func (r *recovery) register() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered[r.key] = r.env.Now()
}

// underLock looks at the shard again and acts if the problem is still there.
func (r *recovery) underLock(ctx *sim.Context) error {
	if err := r.refresh(ctx); err != nil {
		return err
	}
	if !r.persists() {
		r.env.Logf("info", "Analysis: %s on tablet %v - No longer valid, some other agent must have fixed the problem.", r.Analysis, r.Tablet)
		r.skip(SkipStaleAnalysis)
		return nil
	}
	if reason := r.forbidden(); reason != "" {
		r.skip(reason)
		return nil
	}
	r.register()
	r.trace("begin", "")
	err := r.act(ctx)
	r.counters.recovered(r.kind, r.key, err)
	if err != nil {
		r.env.Logf("error", "Failed to recover: %v", err)
		r.trace("failed", err.Error())
	} else {
		r.trace("succeeded", "")
	}
	r.lookAgain()
	return err
}

// refresh reads the records of the shard and asks the tablets that matter: all for another
// primary, except one that is known to be dead; else the tablet and the primary.
// spec: R-142
func (r *recovery) refresh(ctx *sim.Context) error {
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	if err := r.refreshShard(ctx, r.key); err != nil {
		return err
	}
	r.refreshTablets(ctx, r.key)
	r.snap = r.store.snapshot(r.key)
	var ask []topodata.TabletAlias
	for i := range r.snap.Instances {
		t := &r.snap.Instances[i]
		concerned := r.kind.isShardWide() || t.Tablet.Alias == r.Tablet || t == r.snap.primary()
		if concerned && !(r.kind.sparesPrimary() && t.Tablet.Alias == r.Tablet) {
			ask = append(ask, t.Tablet.Alias)
		}
	}
	r.inParallel("refresh", ask, r.discover)
	return nil
}

// persists analyses again and reports whether the tablet still needs the same recovery.
// spec: R-142
func (r *recovery) persists() bool {
	r.snap = r.store.snapshot(r.key)
	c := r.criteria()
	for _, p := range Analyze(r.snap, c) {
		if p.Tablet == r.Tablet && RecoveryOf(p.Analysis, c) == r.kind {
			return true
		}
	}
	return false
}

// lookAgain brings the store up to date after the recovery, so that the next analysis does not
// see the old problem. The lock is still held. spec: R-142
func (r *recovery) lookAgain() {
	if !r.kind.isShardWide() {
		if !r.kind.sparesPrimary() {
			r.discover(r.Tablet)
		}
		return
	}
	ctx, cancel := r.rot()
	defer cancel()
	_ = r.refreshShard(ctx, r.key) // told already; the next round tries again
	r.refreshTablets(ctx, r.key)
	var all []topodata.TabletAlias
	for _, t := range r.store.snapshot(r.key).Instances {
		all = append(all, t.Tablet.Alias)
	}
	r.inParallel("refresh", all, r.discover)
}

// act does what the kind of recovery is.
func (r *recovery) act(ctx *sim.Context) error {
	switch r.kind {
	case RecoverDeadPrimary:
		return r.emergencyReparent(ctx, false)
	case RecoverPrimaryTabletDeleted:
		return r.emergencyReparent(ctx, true)
	case RecoverIncapacitatedPrimary:
		return r.replaceIncapacitated(ctx)
	case ElectNewPrimary:
		return r.plannedReparent(ctx)
	case RecoverPrimaryHasPrimary:
		return r.resetPrimary(ctx)
	case FixPrimary:
		return r.fixPrimary(ctx)
	case FixReplica:
		return r.fixReplica(ctx)
	case RecoverErrantGTIDDetected:
		return r.drainErrant(ctx)
	case RecoverStaleTopoPrimary:
		return r.endStaleTerm(ctx)
	default:
		return r.restartReplicas(ctx)
	}
}
