package reparent

import (
	"slices"
	"time"

	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// emergencyName is the operation's name in events, traces and counters.
const emergencyName = "EmergencyReparentShard"

// EmergencyOptions are the operator's wishes; the zero value takes the best replica.
type EmergencyOptions struct {
	// NewPrimary is the tablet to promote; zero chooses one.
	NewPrimary topodata.TabletAlias
	// ExpectedPrimary must be the primary of the shard's record, unless zero (v21).
	ExpectedPrimary topodata.TabletAlias
	// IgnoreReplicas are neither stopped nor repointed nor promoted. What only they have
	// acknowledged is lost. spec: R-149
	IgnoreReplicas []topodata.TabletAlias
	// WaitReplicasTimeout (WRT) bounds each phase that waits for replication; zero takes the
	// flag.
	WaitReplicasTimeout time.Duration
	// PreventCrossCellPromotion keeps the primary in its cell (v14).
	PreventCrossCellPromotion bool
	// WaitForAllTablets waits for the last tablet, too, instead of all but one.
	WaitForAllTablets bool
}

// emergency is one run of EmergencyReparentShard.
type emergency struct {
	*Reparenter
	*progress
	keyspace, name string // of the shard
	opts           EmergencyOptions

	record     *topodata.Shard
	old        *topodata.Tablet // the record's primary, nil if it names none
	durability durability.Policy
	tablets    []*topodata.Tablet // of the shard, sorted by alias
	answers    []answer           // of those that were asked
}

// EmergencyReparentShard gives the shard another primary without the help of the old one,
// which may be dead. What no reached replica has received is lost; under semi-sync that was
// not acknowledged. It blocks: for the shard lock, for all but one tablet to answer, for
// relay logs to be applied, for the promotion, each within its own bounds, and for all of it
// until ctx or the action timeout ends. From the repointing on ctx does not matter.
//
// On success the new primary serves and one replica follows; the calls to others go on in
// the operator's process after the return. On failure the Result tells how far it
// came: replicas stay stopped until the next reparent repoints them.
// spec: R-100..R-113
func (r *Reparenter) EmergencyReparentShard(ctx *sim.Context, keyspace, shard string, opts EmergencyOptions) (*Result, error) {
	opts.WaitReplicasTimeout = r.waitReplicasTimeout(opts.WaitReplicasTimeout)
	e := &emergency{
		Reparenter: r, progress: newProgress(r.env, emergencyName, "emergency_reparenter.go", keyspace, shard),
		keyspace: keyspace, name: shard, opts: opts,
	}
	if err := e.checkOptions(); err != nil {
		return e.result, err
	}
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	err := r.underLock(ctx, e.progress, keyspace, shard, e.lockAction(), e.reparent)
	return e.result, err
}

// checkOptions refuses the command where reparents are disabled, and options that the release
// does not have. spec: R-165
func (e *emergency) checkOptions() error {
	b := e.behaviors()
	switch {
	case e.Reparenter.opts.Common.DisableActiveReparents:
		return activeReparentsDisabled()
	case !e.opts.ExpectedPrimary.IsZero() && !b.ExpectedPrimary:
		return optionUnknown("expected-primary", emergencyName, e.Reparenter.opts.Release)
	case e.opts.PreventCrossCellPromotion && !b.ERSUsesDurability:
		return optionUnknown("prevent-cross-cell-promotion", emergencyName, e.Reparenter.opts.Release)
	default:
		return nil
	}
}

// lockAction is what others read in the lock, and later in the journal. spec
func (e *emergency) lockAction() string {
	if e.opts.NewPrimary.IsZero() {
		return emergencyName
	}
	return emergencyName + "(" + e.opts.NewPrimary.String() + ")"
}

// reparent is the operation itself. spec: R-101..R-110
func (e *emergency) reparent(ctx *sim.Context) error {
	e.info(lineEmergency, "will initiate emergency reparent shard in keyspace - %s, shard - %s", e.keyspace, e.name)
	if err := e.during(PhasePreflight, func() error { return e.readRecords(ctx) }); err != nil {
		return err
	}
	if err := e.during(PhaseStopReplication, func() error { return e.stopReplication(ctx) }); err != nil {
		return stopFailed(err)
	}
	if err := e.checkLock(ctx, e.keyspace, e.name); err != nil {
		return err
	}
	candidates, err := e.findCandidates(ctx)
	if err != nil {
		return err
	}
	source, fit, err := e.compare(candidates)
	if err != nil {
		return err
	}
	if err := e.checkLock(ctx, e.keyspace, e.name); err != nil {
		return err
	}
	elect, err := e.improve(ctx, source, fit)
	if err != nil {
		return err
	}
	return e.promoteElect(ctx, elect)
}

// readRecords needs the old primary's record, but not the old primary. spec
func (e *emergency) readRecords(ctx *sim.Context) error {
	var err error
	if e.record, err = e.ts.GetShard(ctx, e.keyspace, e.name); err != nil {
		return err
	}
	e.replaces(e.record.PrimaryAlias)
	if expected := e.opts.ExpectedPrimary; !expected.IsZero() && expected != e.record.PrimaryAlias {
		return notExpectedPrimary(e.record.PrimaryAlias, expected)
	}
	if e.durability, err = e.policy(ctx, e.keyspace); err != nil {
		return err
	}
	if !e.record.PrimaryAlias.IsZero() {
		if e.old, err = e.ts.GetTablet(ctx, e.record.PrimaryAlias); err != nil {
			return err
		}
	}
	e.event("reading all tablets")
	if e.tablets, err = e.ts.GetTabletMapForShard(ctx, e.keyspace, e.name); err != nil {
		return tabletMapFailed(err, e.keyspace, e.name)
	}
	return nil
}

func (e *emergency) ignored(alias topodata.TabletAlias) bool {
	return slices.Contains(e.opts.IgnoreReplicas, alias)
}

// withWRT bounds a phase that waits for replication. spec
func (e *emergency) withWRT(ctx *sim.Context) (*sim.Context, func()) {
	return e.env.WithTimeout(ctx, e.opts.WaitReplicasTimeout)
}
