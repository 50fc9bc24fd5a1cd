package reparent

import (
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// takeOver demotes the primary and waits until the elect has all of its transactions. It is
// the graceful branch without its promotion. spec
func (p *planned) takeOver(ctx *sim.Context, primary *topodata.Tablet) error {
	p.info(lineChecking, "checking replication on primary-elect %v", p.elect.Alias)
	if err := p.during(PhaseCandidateCheck, func() error { return p.checkCandidate(ctx, primary) }); err != nil {
		return err
	}
	if err := p.checkLock(ctx, p.keyspace, p.name); err != nil {
		return err
	}
	p.info(lineDemoting, "demoting current primary: %v", primary.Alias)
	p.event("demoting old primary")
	var position gtid.Set
	err := p.during(PhaseDemotion, func() (err error) {
		position, err = p.demote(ctx, primary)
		return err
	})
	if err != nil {
		return err // the tablet takes a failed demotion back by itself. spec: R-202
	}
	if err := p.during(PhaseCatchUp, func() error { return p.catchUp(ctx, position) }); err != nil {
		return p.undo(primary, err)
	}
	return nil
}

// checkCandidate makes sure, while writes go on, that the elect replicates from the primary
// and is not too far behind. Nothing of it needs to be undone. spec
func (p *planned) checkCandidate(ctx *sim.Context, primary *topodata.Tablet) error {
	snapshotCtx, cancel := p.withROT(ctx)
	defer cancel()
	snapshot, err := p.tm.PrimaryPosition(snapshotCtx, primary.Alias)
	if err != nil {
		return primaryNotHealthy(fromTablet(err, p.behaviors()), primary.Alias)
	}
	sourceCtx, cancel := p.withWRT(ctx)
	defer cancel()
	err = p.tm.SetReplicationSource(sourceCtx, p.elect.Alias, tmclient.SetReplicationSourceRequest{
		Parent: primary.Alias, WaitPosition: snapshot, HasWaitPosition: true, ForceStart: true,
		SemiSync: p.durability.IsAcker(member(primary), member(p.elect)),
	})
	if err != nil {
		return candidateTooFarBehind(fromTablet(err, p.behaviors()), p.elect.Alias)
	}
	return nil
}

// demote ends the primary's service and gives the position at which its writes ended.
// spec: R-55
func (p *planned) demote(ctx *sim.Context, primary *topodata.Tablet) (gtid.Set, error) {
	ctx, cancel := p.withROT(ctx)
	defer cancel()
	status, err := p.tm.DemotePrimary(ctx, primary.Alias, false)
	if err != nil {
		return gtid.Set{}, demotionFailed(fromTablet(err, p.behaviors()), primary.Alias)
	}
	return status.Position, nil
}

// catchUp waits until the elect has executed everything. spec
func (p *planned) catchUp(ctx *sim.Context, position gtid.Set) error {
	waitCtx, cancel := p.withWRT(ctx)
	defer cancel()
	if err := p.tm.WaitForPosition(waitCtx, p.elect.Alias, position); err != nil {
		return catchUpFailed(fromTablet(err, p.behaviors()), p.elect.Alias, position)
	}
	if deadlinePassed(ctx) {
		return timedOut()
	}
	return nil
}

// undo gives the old primary its service back after a failed catch-up, in a context of its
// own, since the operation's may be over. It returns the error to report. spec: R-56
func (p *planned) undo(primary *topodata.Tablet, cause error) error {
	err := p.during(PhaseUndo, func() error {
		ctx, cancel := p.withROT(p.env.Background())
		defer cancel()
		return fromTablet(p.tm.UndoDemotePrimary(ctx, primary.Alias, p.durability.AcksNeeded() > 0), p.behaviors())
	})
	if err != nil {
		p.warn(lineUndoFailed, "encountered error while performing UndoDemotePrimary(%v): %v", primary.Alias, err)
		return undoFailed(cause, err, primary.Alias)
	}
	return cause
}
