package reparent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// plannedName is the operation's name in events, traces and the reparent journal.
const plannedName = "PlannedReparentShard"

// PlannedOptions are the operator's wishes; the zero value asks for any other primary.
type PlannedOptions struct {
	// NewPrimary is the tablet to promote; zero elects one.
	NewPrimary topodata.TabletAlias
	// AvoidPrimary must not be primary afterwards; zero means the present primary if there
	// is no NewPrimary either. If it is not the primary, nothing is done.
	AvoidPrimary topodata.TabletAlias
	// ExpectedPrimary must be the primary of the shard's record, unless zero (v21).
	ExpectedPrimary topodata.TabletAlias
	// WaitReplicasTimeout (WRT) bounds each phase that waits for replication; zero takes the
	// flag.
	WaitReplicasTimeout time.Duration
	// TolerableReplicationLag drops laggards from the election; zero takes the flag (v19).
	TolerableReplicationLag time.Duration
	// AllowCrossCellPromotion elects from all cells, as the flag does (v21).
	AllowCrossCellPromotion bool
}

// planned is one run of PlannedReparentShard.
type planned struct {
	*Reparenter
	*progress
	keyspace, name string // of the shard
	opts           PlannedOptions

	record     *topodata.Shard
	durability durability.Policy
	tablets    []*topodata.Tablet // of the shard, sorted by alias
	elect      *topodata.Tablet
}

// PlannedReparentShard gives the shard another primary without losing a write, or fails. It
// blocks: for the shard lock, for each phase within its own bounds, and for all of it until
// ctx or the action timeout ends. The end of ctx makes the running step fail, as the end of
// the operator's client does; a killed process just stops, and leaves things as they are.
//
// On failure the Result tells how far it came. A failure may come after a good promotion
// . Running it again is always safe.
// spec: R-50..R-59, R-66, R-208
func (r *Reparenter) PlannedReparentShard(ctx *sim.Context, keyspace, shard string, opts PlannedOptions) (*Result, error) {
	p := &planned{
		Reparenter: r, progress: newProgress(r.env, plannedName, "planned_reparenter.go", keyspace, shard),
		keyspace: keyspace, name: shard, opts: r.completed(opts),
	}
	if err := p.checkOptions(); err != nil {
		return p.result, err
	}
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	err := r.underLock(ctx, p.progress, keyspace, shard, p.lockAction(), p.reparent)
	return p.result, err
}

// completed fills what the operator left open from the flags. spec: R-7
func (r *Reparenter) completed(opts PlannedOptions) PlannedOptions {
	opts.WaitReplicasTimeout = r.waitReplicasTimeout(opts.WaitReplicasTimeout)
	if opts.TolerableReplicationLag == 0 {
		opts.TolerableReplicationLag = r.opts.VTCtld.TolerableReplicationLag
	}
	opts.AllowCrossCellPromotion = opts.AllowCrossCellPromotion || r.opts.VTCtld.AllowCrossCellPromotion
	return opts
}

// checkOptions refuses the command where reparents are disabled, and options that the release
// does not have. spec: R-165
func (p *planned) checkOptions() error {
	b := p.behaviors()
	switch {
	case p.Reparenter.opts.Common.DisableActiveReparents:
		return activeReparentsDisabled()
	case !p.opts.ExpectedPrimary.IsZero() && !b.ExpectedPrimary:
		return optionUnknown("expected-primary", plannedName, p.Reparenter.opts.Release)
	case p.opts.TolerableReplicationLag != 0 && !b.TolerableLag:
		return optionUnknown("tolerable-replication-lag", plannedName, p.Reparenter.opts.Release)
	case p.opts.AllowCrossCellPromotion && !b.CrossCellPromotion:
		return optionUnknown("allow-cross-cell-promotion", plannedName, p.Reparenter.opts.Release)
	default:
		return nil
	}
}

// lockAction is what others read in the lock. spec: R-5
func (p *planned) lockAction() string {
	return fmt.Sprintf("%s(%v, AvoidPrimary = %v)", plannedName, p.opts.NewPrimary, p.opts.AvoidPrimary)
}

// reparent is the operation itself. spec: R-51..R-58
func (p *planned) reparent(ctx *sim.Context) error {
	if err := p.during(PhasePreflight, func() error { return p.preflight(ctx) }); err != nil {
		return err
	}
	if p.nothingToDo() {
		p.event("current primary is different than tablet to avoid, nothing to do")
		return nil
	}
	if err := p.during(PhaseElection, func() error { return p.elected(ctx) }); err != nil {
		return err
	}
	branch := p.chooseBranch()
	position, err := branch.prepare(ctx)
	if err != nil {
		return err
	}
	if err := p.checkLock(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	if err := p.repointAll(ctx, position, branch.promotes && p.behaviors().PromoteInParallel); err != nil {
		return err
	}
	if branch.initial {
		if err := p.tm.RefreshState(ctx, p.elect.Alias); err != nil {
			p.warn(lineRefreshFailed, "RefreshState failed: %v", err)
		}
	}
	return nil
}

// withWRT bounds a phase that waits for replication; each phase has the whole of it.
// spec
func (p *planned) withWRT(ctx *sim.Context) (*sim.Context, func()) {
	return p.env.WithTimeout(ctx, p.opts.WaitReplicasTimeout)
}

// deadlinePassed reports whether the whole command ran out of time, as opposed to one call.
func deadlinePassed(ctx *sim.Context) bool { return errors.Is(ctx.Err(), context.DeadlineExceeded) }
