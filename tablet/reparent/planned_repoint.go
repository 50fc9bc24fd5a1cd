package reparent

import (
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// promoteCall is PromoteReplica or InitPrimary.
type promoteCall func(ctx *sim.Context, tablet topodata.TabletAlias, semiSync bool) (gtid.Set, error)

// repointAll attaches all other tablets to the elect while that one is promoted, if it still
// must be, and writes the journal row that the others wait for. All of it shares one WRT. If
// the promotion or the row fails, the repointing is called off; nothing is undone.
// spec: R-57
func (p *planned) repointAll(ctx *sim.Context, position gtid.Set, promote bool) error {
	p.event("reparenting all tablets")
	return p.during(PhaseRepointing, func() error {
		ctx, cancel := p.withWRT(ctx)
		defer cancel()
		journalTime := topodata.Timestamp(p.env.Wall())
		replicas := p.repointReplicas(ctx, journalTime)
		err := p.promoteAndJournal(ctx, position, promote, journalTime)
		if err != nil {
			cancel()
		}
		replicas.group.Wait()
		if err != nil {
			return err
		}
		if err = joined(replicas.errs); err != nil {
			err = someRepointsFailed(err, p.elect.Alias)
			p.log(SeverityError, lineRepointFailed, err.Error())
		}
		return err
	})
}

// repointing is the calls to the replicas; errs belongs to the waiter after group.Wait.
type repointing struct {
	group *sim.WaitGroup
	errs  []error
}

// repointReplicas starts the calls and does not wait for them. Replication that was stopped on
// purpose stays stopped. spec
func (p *planned) repointReplicas(ctx *sim.Context, journalTime topodata.Timestamp) repointing {
	replicas := repointing{group: p.env.NewWaitGroup("repoint"), errs: make([]error, len(p.tablets))}
	for i, t := range p.tablets {
		if t.Alias == p.elect.Alias {
			continue
		}
		replicas.group.Go("repoint-"+t.Alias.String(), func() {
			p.info(lineRepointing, "setting new primary on replica %v", t.Alias)
			err := p.tm.SetReplicationSource(ctx, t.Alias, tmclient.SetReplicationSourceRequest{
				Parent: p.elect.Alias, JournalTime: journalTime,
				SemiSync: p.durability.IsAcker(member(p.elect), member(t)),
			})
			if err != nil {
				replicas.errs[i] = repointFailed(fromTablet(err, p.behaviors()), t.Alias, p.elect.Alias)
			}
		})
	}
	return replicas
}

// promoteAndJournal is the elect's part. Under semi-sync the row hangs until a replica has
// attached. spec
func (p *planned) promoteAndJournal(ctx *sim.Context, position gtid.Set, promote bool, journalTime topodata.Timestamp) error {
	elect := p.elect.Alias
	if promote {
		err := p.during(PhasePromotion, func() (err error) {
			position, err = p.tm.PromoteReplica(ctx, elect, p.durability.AcksNeeded() > 0)
			return fromTablet(err, p.behaviors())
		})
		if err != nil {
			p.warn(linePromotionFailed, "primary %v failed to PromoteReplica; cancelling replica reparent attempts", elect)
			return promotionFailed(err, elect, journalTime)
		}
	}
	p.info(lineJournal, "populating reparent journal on new primary %v", elect)
	err := p.during(PhaseJournal, func() error {
		return fromTablet(p.tm.PopulateReparentJournal(ctx, elect, tmclient.PopulateReparentJournalRequest{
			JournalTime: journalTime, Action: plannedName, Primary: elect, Position: position,
		}), p.behaviors())
	})
	if err != nil {
		p.warn(lineJournalFailed, "primary failed to PopulateReparentJournal (position: %s); cancelling replica reparent attempts",
			gtid.EncodePosition(position))
		return journalFailed(err, elect, journalTime, position)
	}
	return nil
}
