package reparent

import "bufsim/sim"

// preflight reads the records and sees to it that all tablets answer. spec
func (p *planned) preflight(ctx *sim.Context) error {
	var err error
	if p.record, err = p.ts.GetShard(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	if p.opts.NewPrimary.IsZero() && p.opts.AvoidPrimary.IsZero() {
		p.opts.AvoidPrimary = p.record.PrimaryAlias
	}
	if expected := p.opts.ExpectedPrimary; !expected.IsZero() && expected != p.record.PrimaryAlias {
		return notExpectedPrimary(p.record.PrimaryAlias, expected)
	}
	p.replaces(p.record.PrimaryAlias)
	if p.durability, err = p.policy(ctx, p.keyspace); err != nil {
		return err
	}
	p.event("reading tablet map")
	if p.tablets, err = p.ts.GetTabletMapForShard(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	if p.behaviors().ReachabilityProbe {
		if err := p.probe(ctx); err != nil {
			return err
		}
	}
	if !p.opts.NewPrimary.IsZero() && p.opts.NewPrimary == p.opts.AvoidPrimary {
		return electIsAvoided(p.opts.NewPrimary)
	}
	return nil
}

// probe asks every tablet of the shard whether it and its MySQL answer. The first that fails
// decides. spec: R-51
func (p *planned) probe(ctx *sim.Context) error {
	ctx, cancel := p.withROT(ctx)
	defer cancel()
	return p.untilError(ctx, "probe", len(p.tablets), func(ctx *sim.Context, i int) error {
		return fromTablet(p.tm.GetGlobalStatusVars(ctx, p.tablets[i].Alias), p.behaviors())
	})
}

// nothingToDo reports whether the operator wants to be rid of a tablet that is not the
// primary. spec
func (p *planned) nothingToDo() bool {
	return p.opts.NewPrimary.IsZero() && !p.record.PrimaryAlias.IsZero() && p.opts.AvoidPrimary != p.record.PrimaryAlias
}

// elected decides on the new primary and checks that it can be one. spec: R-52
func (p *planned) elected(ctx *sim.Context) error {
	elect := p.opts.NewPrimary
	// Before v19 a named tablet was not put to the vote.
	if elect.IsZero() || p.behaviors().RejectedCandidatesListed {
		p.event("electing a primary candidate")
		var err error
		if elect, err = p.vote(ctx); err != nil {
			return err
		}
		p.info(lineElected, "elected new primary candidate %v", elect)
		p.event("elected new primary candidate")
	}
	if p.elect = findTablet(p.tablets, elect); p.elect == nil {
		return electNotInShard(elect)
	}
	if p.behaviors().KeyspaceDurability && !p.durability.CanEstablish(member(p.elect), members(p.tablets)) {
		return electCannotProgress(elect)
	}
	if p.record.PrimaryAlias.IsZero() && !p.behaviors().PRSInitialisesShard {
		return shardNeverHadPrimary()
	}
	p.promoted(elect)
	if p.behaviors().LockCheckAfterPreflight {
		return p.checkLock(ctx, p.keyspace, p.name)
	}
	return nil
}
