package reparent

import (
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// improve gives the tablet to promote. If the source is not the best choice, the candidates
// first replicate from it, and the best of those that can do so catches up. spec: R-109
func (e *emergency) improve(ctx *sim.Context, source candidate, fit []candidate) (*topodata.Tablet, error) {
	elect, err := e.identify(source, fit)
	if err != nil {
		return nil, err
	}
	ideal := elect == source.tablet
	e.info(lineIdeal, "intermediate source is ideal candidate- %t", ideal)
	if ideal {
		return elect, nil
	}
	err = e.during(PhaseIntermediate, func() error {
		following, err := e.followSource(source, fit)
		if err != nil {
			return err
		}
		if elect, err = e.identify(source, following); err != nil || elect == source.tablet {
			return err
		}
		return e.catchUp(ctx, elect, source.tablet)
	})
	if err != nil {
		return nil, err
	}
	return elect, e.checkLock(ctx, e.keyspace, e.name)
}

// followSource attaches the candidates to the source and waits for all of them. It gives those
// that follow, and the source itself if it may be promoted. spec: R-109
func (e *emergency) followSource(source candidate, fit []candidate) ([]candidate, error) {
	var tablets []*topodata.Tablet
	for _, c := range fit {
		tablets = append(tablets, c.tablet)
	}
	e.event("reparenting all tablets")
	run := e.repoint(source.tablet, tablets)
	run.all.Wait()
	if err := run.verdict(e, len(tablets)); err != nil {
		return nil, err
	}
	var following []candidate
	for i, c := range fit {
		if c.tablet == source.tablet || run.errs[i] == nil {
			following = append(following, c)
		}
	}
	return following, nil
}

// catchUp waits until the elect has all that the source has.
func (e *emergency) catchUp(ctx *sim.Context, elect, source *topodata.Tablet) error {
	position, err := e.tm.PrimaryPosition(ctx, source.Alias)
	if err != nil {
		return fromTablet(err, e.behaviors())
	}
	ctx, cancel := e.withWRT(ctx)
	defer cancel()
	return fromTablet(e.tm.WaitForPosition(ctx, elect.Alias, position), e.behaviors())
}

// promoteElect makes the elect the primary while the others are attached to it, and returns
// when the journal is written and one of them follows; the rest go on without the lock. In
// old releases the promotion comes first. spec
func (e *emergency) promoteElect(ctx *sim.Context, elect *topodata.Tablet) error {
	e.promoted(elect.Alias)
	parallel := e.behaviors().PromoteInParallel
	var position gtid.Set
	if !parallel {
		var err error
		if position, err = e.promote(ctx, elect); err != nil {
			return err
		}
	}
	e.event("reparenting all tablets")
	return e.during(PhaseRepointing, func() error {
		journalTime := topodata.Timestamp(e.env.Wall())
		run := e.repoint(elect, e.tablets)
		err := e.promoteAndJournal(elect, position, parallel, journalTime)
		if err != nil {
			e.log(SeverityError, lineNotPromoted, "failed to promote "+elect.Alias.String()+" to primary")
			run.cancel()
			run.all.Wait()
			return err
		}
		e.env.Select(sim.OnEvent(run.first), sim.OnEvent(run.all))
		if run.first.IsSet() {
			return nil
		}
		return run.verdict(e, len(e.tablets))
	})
}

// promoteAndJournal is the elect's part, within one ROT. Nobody can follow while the journal
// hangs, so under semi-sync without an acknowledging replica it fails here, and the promoted
// tablet stays. spec
func (e *emergency) promoteAndJournal(elect *topodata.Tablet, position gtid.Set, promote bool, journalTime topodata.Timestamp) error {
	ctx, cancel := e.withROT(e.env.Background())
	defer cancel()
	if promote {
		var err error
		if position, err = e.promote(ctx, elect); err != nil {
			return notPromoted(err, elect.Alias)
		}
	}
	e.info(lineEmergencyJournal, "populating reparent journal on new primary %v", elect.Alias)
	err := e.during(PhaseJournal, func() error {
		return fromTablet(e.tm.PopulateReparentJournal(ctx, elect.Alias, tmclient.PopulateReparentJournalRequest{
			JournalTime: journalTime, Action: e.lockAction(), Primary: elect.Alias, Position: position,
		}), e.behaviors())
	})
	switch {
	case err == nil:
		return nil
	case promote:
		return notPromoted(primaryJournalFailed(err), elect.Alias)
	default:
		return primaryJournalFailed(err)
	}
}

func (e *emergency) promote(ctx *sim.Context, elect *topodata.Tablet) (position gtid.Set, err error) {
	call := e.tm.PromoteReplica
	if e.record.PrimaryAlias.IsZero() {
		e.info(linePromoting, "setting up %v as new primary for an uninitialized cluster", elect.Alias)
		call = e.tm.InitPrimary
	} else {
		e.info(linePromoting, "starting promotion for the new primary - %v", elect.Alias)
	}
	err = e.during(PhasePromotion, func() error {
		position, err = call(ctx, elect.Alias, e.durability.AcksNeeded() > 0)
		return fromTablet(err, e.behaviors())
	})
	if err != nil {
		return gtid.Set{}, notUpgraded(err, elect.Alias)
	}
	return position, nil
}
