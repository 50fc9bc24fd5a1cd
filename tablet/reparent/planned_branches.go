package reparent

import (
	"bufsim/model/gtid"
	"bufsim/sim"
)

// branch is how the elect becomes primary.
type branch struct {
	// prepare does what must be done before the replicas are repointed. Its position goes
	// into the reparent journal, unless a promotion during the repointing gives another.
	prepare func(ctx *sim.Context) (gtid.Set, error)
	// promotes says that PromoteReplica is part of it.
	promotes bool
	// initial says that the shard never had a primary.
	initial bool
}

// chooseBranch looks at who is primary now. spec: R-53
func (p *planned) chooseBranch() branch {
	primary, tied := currentPrimary(p.tablets)
	if tied != nil {
		p.warn(lineTied, "Multiple primaries (%v and %v) are tied for PrimaryTermStartTime; can't determine the true primary.",
			tied[0].Alias, tied[1].Alias)
	}
	switch {
	case primary == nil && p.record.PrimaryTermStartTime.IsZero():
		return branch{prepare: p.initialise, initial: true}
	case primary == nil:
		return branch{prepare: p.thenPromote(p.demoteAll), promotes: true}
	case primary.Alias == p.elect.Alias:
		return branch{prepare: p.recover}
	default:
		return branch{promotes: true, prepare: p.thenPromote(func(ctx *sim.Context) error { return p.takeOver(ctx, primary) })}
	}
}

// thenPromote adds the promotion to a demotion, in releases that do not promote while they
// repoint. spec: R-57
func (p *planned) thenPromote(demote func(ctx *sim.Context) error) func(ctx *sim.Context) (gtid.Set, error) {
	return func(ctx *sim.Context) (gtid.Set, error) {
		if err := demote(ctx); err != nil || p.behaviors().PromoteInParallel {
			return gtid.Set{}, err
		}
		return p.firstPromote(ctx, p.tm.PromoteReplica)
	}
}

// firstPromote promotes the elect before anything is repointed, in a WRT of its own.
func (p *planned) firstPromote(ctx *sim.Context, promote promoteCall) (gtid.Set, error) {
	var position gtid.Set
	err := p.during(PhasePromotion, func() error {
		promoteCtx, cancel := p.withWRT(ctx)
		defer cancel()
		var err error
		if position, err = promote(promoteCtx, p.elect.Alias, p.durability.AcksNeeded() > 0); err != nil {
			return promotionFailedRetry(fromTablet(err, p.behaviors()), p.elect.Alias)
		}
		if deadlinePassed(ctx) {
			return timedOutAfterPromotion(p.elect.Alias)
		}
		return nil
	})
	return position, err
}

// initialise makes the first primary of the shard. spec
func (p *planned) initialise(ctx *sim.Context) (gtid.Set, error) {
	return p.firstPromote(ctx, p.tm.InitPrimary)
}

// recover repairs a promotion that stopped half-way: the elect is the primary already.
// spec
func (p *planned) recover(ctx *sim.Context) (position gtid.Set, err error) {
	err = p.during(PhasePromotion, func() error {
		writeCtx, cancel := p.withROT(ctx)
		defer cancel()
		if err := p.tm.SetReadWrite(writeCtx, p.elect.Alias); err != nil {
			return setReadWriteFailed(fromTablet(err, p.behaviors()), p.elect.Alias)
		}
		positionCtx, cancel := p.withROT(ctx)
		defer cancel()
		if position, err = p.tm.PrimaryPosition(positionCtx, p.elect.Alias); err != nil {
			return electPositionUnknown(fromTablet(err, p.behaviors()), p.elect.Alias)
		}
		return nil
	})
	return position, err
}

// demoteAll makes every tablet read-only, since nobody knows who the primary is, and checks
// that the elect lacks nothing. Nothing of it is undone. spec
func (p *planned) demoteAll(ctx *sim.Context) error {
	p.info(lineContested, "no clear winner found for current primary term; checking if it's safe to recover by electing %v", p.elect.Alias)
	err := p.during(PhaseDemotion, func() error {
		positions, err := p.demoteEach(ctx)
		if err != nil {
			return demoteAllFailed(err)
		}
		return p.electHasAll(positions)
	})
	if err != nil {
		return err
	}
	return p.checkLock(ctx, p.keyspace, p.name)
}

func (p *planned) demoteEach(ctx *sim.Context) ([]gtid.Set, error) {
	ctx, cancel := p.withROT(ctx)
	defer cancel()
	positions := make([]gtid.Set, len(p.tablets))
	errs := make([]error, len(p.tablets))
	p.inParallel("demote", len(p.tablets), func(i int) {
		alias := p.tablets[i].Alias
		p.info(lineDemotingAll, "demoting tablet %v", alias)
		status, err := p.tm.DemotePrimary(ctx, alias, false)
		positions[i] = status.Position
		errs[i] = contestedDemotionFailed(fromTablet(err, p.behaviors()), alias)
	})
	return positions, joined(errs)
}

func (p *planned) electHasAll(positions []gtid.Set) error {
	var electHas gtid.Set
	for i, t := range p.tablets {
		if t.Alias == p.elect.Alias {
			electHas = positions[i]
		}
	}
	for i, t := range p.tablets {
		if !electHas.Contains(positions[i]) {
			return electLacksTransactions(t.Alias, positions[i], p.elect.Alias, electHas)
		}
	}
	return nil
}
