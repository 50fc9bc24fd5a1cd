package reparent

import (
	"bufsim/model/gtid"
	"bufsim/sim"
)

// withoutErrants drops replicas that have transactions which neither their source wrote nor
// any other replica has, as up to v21. A replica without others to compare with is trusted.
// spec: R-106
func (e *emergency) withoutErrants(candidates []candidate) []candidate {
	var list, replicas []candidate
	for _, c := range candidates {
		if !c.former {
			replicas = append(replicas, c)
		}
	}
	for _, c := range candidates {
		if c.former || !e.isErrant(c, c.received.Without(c.status.SourceUUID), except(replicas, c)) {
			list = append(list, c)
		}
	}
	return list
}

// withoutErrantsByJournal looks at the reparent journals, as from v22 on: who has not seen
// the last reparent is no witness, and what he alone has is errant whoever wrote it.
// spec: R-106
func (e *emergency) withoutErrantsByJournal(ctx *sim.Context, candidates []candidate) ([]candidate, error) {
	rows, err := e.readJournals(ctx, candidates)
	if err != nil {
		return nil, err
	}
	longest := 0
	for _, n := range rows {
		longest = max(longest, n)
	}
	var current, lagging, trusted []candidate
	for i, c := range candidates {
		if rows[i] == longest {
			current = append(current, c)
		} else {
			lagging = append(lagging, c)
		}
	}
	for _, c := range current {
		if c.received.IsEmpty() {
			continue
		}
		// A former primary with all rows is the latest one: its writes are the history.
		if c.former || !e.isErrant(c, c.received.Without(c.status.SourceUUID), except(current, c)) {
			trusted = append(trusted, c)
		}
	}
	list := trusted
	for _, c := range lagging {
		if !e.isErrant(c, c.received, trusted) {
			list = append(list, c)
		}
	}
	return sortedLike(candidates, list), nil
}

// readJournals counts the rows of every candidate's journal; the first error ends it.
func (e *emergency) readJournals(ctx *sim.Context, candidates []candidate) ([]int, error) {
	ctx, cancel := e.withWRT(ctx)
	defer cancel()
	rows, errs := make([]int, len(candidates)), make([]error, len(candidates))
	e.inParallel("journals", len(candidates), func(i int) {
		info, err := e.tm.ReadReparentJournalInfo(ctx, candidates[i].tablet.Alias)
		if err != nil {
			errs[i] = fromTablet(err, e.behaviors())
			cancel()
		}
		rows[i] = info.Length
	})
	if err := joined(errs); err != nil {
		return nil, journalsNotRead(err, e.opts.WaitReplicasTimeout)
	}
	return rows, nil
}

// isErrant reports whether a part of what a candidate has is in none of the witnesses.
func (e *emergency) isErrant(c candidate, part gtid.Set, witnesses []candidate) bool {
	if len(witnesses) == 0 {
		return false
	}
	for _, w := range witnesses {
		part = part.Difference(w.received)
	}
	if part.IsEmpty() {
		return false
	}
	e.log(SeverityError, lineErrant, "skipping "+c.tablet.Alias.String()+" with GTIDSet:"+c.received.String()+
		" because we detected errant GTIDs - "+part.String())
	return true
}

func except(list []candidate, c candidate) []candidate {
	var others []candidate
	for _, o := range list {
		if o.tablet != c.tablet {
			others = append(others, o)
		}
	}
	return others
}

// sortedLike gives those of all that are in list, in the order of all.
func sortedLike(all, list []candidate) []candidate {
	var sorted []candidate
	for _, c := range all {
		if len(except(list, c)) < len(list) {
			sorted = append(sorted, c)
		}
	}
	return sorted
}
