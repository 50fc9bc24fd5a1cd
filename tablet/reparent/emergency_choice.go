package reparent

import (
	"slices"

	"bufsim/model/durability"
	"bufsim/model/topodata"
)

// compare finds the most advanced candidate, the intermediate source, and those that may be
// promoted, the most advanced first. spec
func (e *emergency) compare(candidates []candidate) (source candidate, fit []candidate, err error) {
	err = e.during(PhaseElection, func() error {
		sorted := e.byAdvance(candidates)
		if source, err = e.mostAdvanced(sorted); err != nil {
			return err
		}
		e.info(lineSource, "intermediate source selected - %v", source.tablet.Alias)
		if !e.behaviors().ERSUsesDurability {
			fit = []candidate{source}
			return nil
		}
		if fit, err = e.promotable(sorted); err == nil && len(fit) == 0 {
			err = noValidCandidates()
		}
		return err
	})
	return source, fit, err
}

// byAdvance sorts candidates, the best first. Among sets that are not comparable the smaller
// alias wins.
func (e *emergency) byAdvance(candidates []candidate) []candidate {
	rest := slices.Clone(candidates)
	var sorted []candidate
	for len(rest) > 0 {
		top := 0
		for i := range rest {
			if better(rest[i].standing, rest[top].standing, e.durability, e.behaviors()) {
				top = i
			}
		}
		sorted = append(sorted, rest[top])
		rest = slices.Delete(rest, top, top+1)
	}
	return sorted
}

// mostAdvanced gives the candidate that has everything that any has. The requested one takes
// precedence among equals. spec: R-107
func (e *emergency) mostAdvanced(sorted []candidate) (candidate, error) {
	winner := sorted[0]
	for _, c := range sorted[1:] {
		if !winner.received.Contains(c.received) {
			return candidate{}, splitBrain(winner.tablet.Alias, c.tablet.Alias)
		}
	}
	wanted := e.opts.NewPrimary
	if wanted.IsZero() {
		return winner, nil
	}
	i := slices.IndexFunc(sorted, func(c candidate) bool { return c.tablet.Alias == wanted })
	switch {
	case i < 0:
		return candidate{}, requestedIsErrant(wanted)
	case e.asAdvanced(sorted[i], winner):
		return sorted[i], nil
	case !e.behaviors().ERSUsesDurability:
		return candidate{}, requestedIsBehind(wanted, sorted[i].received, winner.received)
	}
	return winner, nil
}

func (e *emergency) asAdvanced(c, than candidate) bool {
	if e.behaviors().ExecutedSetTieBreak && c.received.Equal(than.received) {
		return c.executed.Contains(than.executed)
	}
	return c.received.Contains(than.received)
}

// promotable keeps the candidates that may become primary; those that take a backup only if
// there is no other. spec: R-108
func (e *emergency) promotable(sorted []candidate) ([]candidate, error) {
	var fit, busy []candidate
	reached := e.reached()
	for _, c := range sorted {
		if reason := e.notPromotable(c, reached); reason.log != "" {
			e.info(lineFilter, "Removing %s from list of valid candidates for promotion because it %s", c.tablet.Alias, reason.log)
			if c.tablet.Alias == e.opts.NewPrimary {
				return nil, proposedPrimary(c.tablet.Alias, reason.text)
			}
			continue
		}
		if c.status.TakingBackup {
			busy = append(busy, c)
		} else {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		fit = busy
	}
	return fit, nil
}

// unfitness is why a candidate is filtered, in the words of the log and of the error.
type unfitness struct{ log, text string }

func (e *emergency) notPromotable(c candidate, reached []durability.Member) unfitness {
	switch m := member(c.tablet); {
	case e.durability.Promotion(m) == durability.MustNot:
		return unfitness{"has the Must Not promote rule", "has a must not promotion rule"}
	case e.opts.PreventCrossCellPromotion && e.old != nil && c.tablet.Alias.Cell != e.old.Alias.Cell:
		return unfitness{"isn't in the same cell as the previous primary", "is is a different cell as the previous primary"}
	case !e.durability.CanEstablish(m, reached):
		return unfitness{
			"will not be able to make forward progress on promotion with the tablets currently reachable",
			"will not be able to make forward progress on being promoted",
		}
	}
	return unfitness{}
}

// identify chooses the final primary: the requested one, else the best promotion rule, and
// the source among equals, since nothing has to be waited for then. spec: R-109
func (e *emergency) identify(source candidate, fit []candidate) (*topodata.Tablet, error) {
	wanted := e.opts.NewPrimary
	var found *topodata.Tablet
	rule := durability.MustNot
	for _, c := range fit {
		r := e.durability.Promotion(member(c.tablet))
		switch {
		case !wanted.IsZero():
			if c.tablet.Alias == wanted {
				found = c.tablet
			}
		case found == nil || r < rule || r == rule && c.tablet == source.tablet:
			found, rule = c.tablet, r
		}
	}
	switch {
	case found != nil:
		e.info(lineBetter, "found better candidate - %v", found.Alias)
		return found, nil
	case len(fit) == 0:
		return nil, noValidCandidates()
	default:
		return nil, requestedNotInList(wanted)
	}
}
