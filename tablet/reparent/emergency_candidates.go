package reparent

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// candidate is a tablet that was stopped, with how far it is.
type candidate struct {
	standing
	// former primaries were demoted, not stopped, and apply nothing.
	former bool
}

// findCandidates finds the stopped tablets whose history can be trusted, after they have
// applied what they had received. spec
func (e *emergency) findCandidates(ctx *sim.Context) ([]candidate, error) {
	candidates, err := e.positions()
	if err != nil {
		return nil, err
	}
	if !e.behaviors().ERSJournalErrants {
		candidates = e.withoutErrants(candidates)
	}
	if candidates = withoutIdleTypes(candidates); len(candidates) == 0 {
		return nil, noValidCandidates()
	}
	if err := e.during(PhaseRelayLogs, func() error { return e.applyRelayLogs(ctx, candidates) }); err != nil {
		return nil, err
	}
	if e.behaviors().ERSJournalErrants {
		err = e.during(PhaseErrantCheck, func() error {
			candidates, err = e.withoutErrantsByJournal(ctx, candidates)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(candidates) == 0 {
		return nil, noValidCandidates()
	}
	return candidates, nil
}

// positions takes the candidates from the answers. A replica that has nothing at all while
// others do is suspicious. Positions without GTIDs are not modelled. spec: R-104
func (e *emergency) positions() ([]candidate, error) {
	var list []candidate
	var empty *topodata.Tablet
	some := false
	for _, a := range e.answers {
		if a.err != nil {
			continue
		}
		c := candidate{standing: standing{tablet: a.tablet, received: a.position}, former: a.former}
		if !a.former {
			c.status = a.status.After
			c.received, c.executed = c.status.RelayLogPosition, c.status.Position
			some = some || !c.received.IsEmpty()
			if c.received.IsEmpty() && empty == nil {
				empty = a.tablet
			}
		}
		list = append(list, c)
	}
	if some && empty != nil {
		return nil, noRelayLogPosition(empty.Alias)
	}
	return list, nil
}

// withoutIdleTypes drops tablets that do something else than follow. spec: R-104
func withoutIdleTypes(candidates []candidate) []candidate {
	var list []candidate
	for _, c := range candidates {
		switch c.tablet.Type {
		case topodata.Backup, topodata.Restore, topodata.Drained:
		default:
			list = append(list, c)
		}
	}
	return list
}

// applyRelayLogs waits until every candidate has executed what it had received. One slow
// applier ends the whole operation. spec: R-105
func (e *emergency) applyRelayLogs(ctx *sim.Context, candidates []candidate) error {
	ctx, cancel := e.withWRT(ctx)
	defer cancel()
	errs := make([]error, len(candidates))
	e.inParallel("relay-logs", len(candidates), func(i int) {
		c := candidates[i]
		if c.former {
			e.info(lineRelayLogs, "EmergencyReparent candidate %v not in replica status map; this means it was not running replication "+
				"(because it was formerly PRIMARY), so skipping WaitForRelayLogsToApply step for this candidate", c.tablet.Alias)
			return
		}
		if err := e.tm.WaitForPosition(ctx, c.tablet.Alias, c.received); err != nil {
			errs[i] = fromTablet(err, e.behaviors())
			cancel()
		}
	})
	if err := joined(errs); err != nil {
		return relayLogsNotApplied(err, e.opts.WaitReplicasTimeout)
	}
	return nil
}

// wasRunning reports whether a tablet replicated before it was stopped. spec: R-110
func (e *emergency) wasRunning(alias topodata.TabletAlias) bool {
	for _, a := range e.answers {
		if a.tablet.Alias == alias && a.err == nil && !a.former {
			before := a.status.Before
			return before.IOState == tmclient.ThreadRunning || before.SQLState == tmclient.ThreadRunning
		}
	}
	return false
}
