package reparent

import (
	"bufsim/model/durability"
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// answer is what came of the stop of one tablet.
type answer struct {
	tablet *topodata.Tablet
	err    error
	// status is a replica's. A tablet that was no replica is a former primary; it was
	// demoted at position.
	status   tmclient.StopReplicationStatus
	former   bool
	position gtid.Set
}

// stopReplication stops the receivers of all tablets, and who is no replica is demoted. It
// goes on when all but one have done so, since the one is most likely the dead primary, and
// calls the last one off; so a living old primary is demoted only halfway, and takes that
// back by itself. spec: R-102, R-102a
func (e *emergency) stopReplication(ctx *sim.Context) error {
	e.event("stop replication on all replicas")
	for _, t := range e.tablets {
		if !e.ignored(t.Alias) {
			e.answers = append(e.answers, answer{tablet: t})
		}
	}
	ctx, cancel := e.withROT(ctx)
	defer cancel()
	missing := len(e.answers) - 1
	if e.opts.WaitForAllTablets {
		missing++
	}
	wanted := e.opts.NewPrimary // must answer, too, if it was asked
	if findTablet(e.tablets, wanted) == nil || e.ignored(wanted) {
		wanted = topodata.TabletAlias{}
	}
	mu := e.env.NewMutex("stop")
	e.inParallel("stop", len(e.answers), func(i int) {
		a := &e.answers[i]
		e.stop(ctx, a)
		mu.Lock()
		defer mu.Unlock()
		if a.err == nil {
			missing--
		}
		if a.tablet.Alias == wanted {
			wanted = topodata.TabletAlias{}
		}
		if missing <= 0 && wanted.IsZero() {
			cancel()
		}
	})
	return e.isSafe()
}

func (e *emergency) stop(ctx *sim.Context, a *answer) {
	alias := a.tablet.Alias
	e.info(lineStopping, "getting replication position from %v", alias)
	status, err := e.tm.StopReplicationAndGetStatus(ctx, alias)
	if err == nil {
		a.status = status
		return
	}
	if !isNotReplica(err) {
		e.warn(lineStopFailed, "failed to get replication status from %v: %v", alias, err)
		a.err = statusFailed(fromTablet(err, e.behaviors()), alias, e.behaviors())
		return
	}
	a.former = true
	primary, err := e.tm.DemotePrimary(ctx, alias, e.behaviors().DemotePrimaryForce)
	if err != nil {
		e.warn(lineStopFailed, "replica %v thinks it's primary but we failed to demote it: %v", alias, err)
		a.err = formerPrimaryNotDemoted(fromTablet(err, e.behaviors()), alias, e.behaviors())
		return
	}
	a.position = primary.Position
}

// isSafe decides whether the tablets that could not be stopped may be left alone: nobody may
// be able to acknowledge a write any more. spec
func (e *emergency) isSafe() error {
	var errs []error
	var failed *topodata.Tablet
	for _, a := range e.answers {
		if a.err != nil {
			errs, failed = append(errs, a.err), a.tablet
		}
	}
	b := e.behaviors()
	switch {
	case len(errs) == 0:
		return nil
	case len(errs) == 1 && (!b.ERSErrorOnlyFromPrimary || failed.Alias == e.record.PrimaryAlias):
		return nil
	case !b.ERSUsesDurability:
		return tooManyStopErrors(joined(errs))
	case e.durability.HaveRevoked(e.reached(), members(e.tablets)):
		return nil
	default:
		return tooFewReached(joined(errs), b)
	}
}

// reached lists the tablets that were stopped.
func (e *emergency) reached() []durability.Member {
	var list []durability.Member
	for _, a := range e.answers {
		if a.err == nil {
			list = append(list, member(a.tablet))
		}
	}
	return list
}
