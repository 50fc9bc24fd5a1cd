package reparent

import (
	"fmt"
	"time"

	"bufsim/model/durability"
	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// rejection is a tablet that may not be elected, and why.
type rejection struct {
	tablet topodata.TabletAlias
	reason string
}

// vote finds the new primary. A single candidate wins unheard if lag does not matter.
// spec: R-52
func (p *planned) vote(ctx *sim.Context) (topodata.TabletAlias, error) {
	candidates, rejected := p.nominate()
	if len(candidates) == 1 && p.opts.TolerableReplicationLag == 0 {
		return candidates[0].Alias, nil
	}
	standings, err := p.hear(ctx, candidates)
	if err != nil {
		return topodata.TabletAlias{}, err
	}
	var fit []standing
	for _, s := range standings {
		if reason := p.unfit(s); reason != "" {
			rejected = append(rejected, rejection{s.tablet.Alias, reason})
			continue
		}
		fit = append(fit, s)
	}
	if len(fit) == 0 {
		return topodata.TabletAlias{}, noCandidate(rejected, p.behaviors())
	}
	return best(fit, p.durability, p.behaviors()).tablet.Alias, nil
}

// nominate sorts the shard's tablets into candidates and others by their records.
func (p *planned) nominate() (candidates []*topodata.Tablet, rejected []rejection) {
	for _, t := range p.tablets {
		if reason := p.notEligible(t); reason != "" {
			rejected = append(rejected, rejection{t.Alias, reason})
			continue
		}
		candidates = append(candidates, t)
	}
	return candidates, rejected
}

func (p *planned) notEligible(t *topodata.Tablet) string {
	if wanted := p.opts.NewPrimary; !wanted.IsZero() {
		if t.Alias != wanted {
			return reasonNotTheNew
		}
		return ""
	}
	primary := p.record.PrimaryAlias
	switch {
	case !p.opts.AllowCrossCellPromotion && !primary.IsZero() && t.Alias.Cell != primary.Cell:
		return reasonCell
	case t.Alias == p.opts.AvoidPrimary:
		return reasonAvoided
	case t.Type != topodata.Replica:
		return reasonType
	default:
		return ""
	}
}

// standing is how far a candidate is.
type standing struct {
	tablet *topodata.Tablet
	// received is the executed set with what was received; executed is the part of it that
	// was executed. Both are empty for a tablet that is no replica.
	received, executed gtid.Set
	status             tmclient.ReplicationStatus
}

// hear asks the candidates; the first error ends the election.
func (p *planned) hear(ctx *sim.Context, candidates []*topodata.Tablet) ([]standing, error) {
	ctx, cancel := p.withWRT(ctx)
	defer cancel()
	standings := make([]standing, len(candidates))
	err := p.untilError(ctx, "candidates", len(candidates), func(ctx *sim.Context, i int) error {
		standings[i].tablet = candidates[i]
		status, err := p.tm.ReplicationStatus(ctx, candidates[i].Alias)
		if isNotReplica(err) {
			return nil
		}
		if err != nil {
			return fromTablet(err, p.behaviors())
		}
		standings[i].status = status
		standings[i].received, standings[i].executed = status.RelayLogPosition, status.Position
		return nil
	})
	return standings, err
}

// unfit gives the reason to reject a candidate by its answer, "" if there is none.
func (p *planned) unfit(s standing) string {
	lag := s.status.Lag.Truncate(time.Second)
	tolerable := p.opts.TolerableReplicationLag
	switch {
	case tolerable != 0 && lag > tolerable:
		return fmt.Sprintf(reasonLag, lag)
	case p.behaviors().CandidateHealthChecked && s.status.TakingBackup:
		return reasonBackup
	case p.behaviors().CandidateHealthChecked && s.status.LagUnknown:
		return reasonUnknown
	default:
		return ""
	}
}

// best gives the most advanced of the candidates. Where Vitess leaves the choice to chance,
// among equals and among sets that are not comparable, the smallest alias wins here.
// spec: R-52
func best(candidates []standing, policy durability.Policy, b release.Behaviors) standing {
	top := candidates[0]
	for _, s := range candidates[1:] {
		if better(s, top, policy, b) {
			top = s
		}
	}
	return top
}

// better reports whether one candidate beats another: more received, then more executed, then
// the warmer buffer pool among those of one promotion rule, then the better rule.
func better(x, y standing, policy durability.Policy, b release.Behaviors) bool {
	if decided, wins := compareSets(x.received, y.received); decided {
		return wins
	}
	if b.ExecutedSetTieBreak {
		if decided, wins := compareSets(x.executed, y.executed); decided {
			return wins
		}
	}
	ruleX, ruleY := policy.Promotion(member(x.tablet)), policy.Promotion(member(y.tablet))
	if b.BufferPoolTieBreak && ruleX == ruleY && x.status.BufferPoolPages != y.status.BufferPoolPages {
		return x.status.BufferPoolPages > y.status.BufferPoolPages
	}
	return ruleX < ruleY
}

// compareSets is undecided only for equal sets; sets that are not comparable beat none.
func compareSets(x, y gtid.Set) (decided, wins bool) {
	return !x.Equal(y), x.Contains(y)
}

// isNotReplica recognises the error of a server that has no replication source.
func isNotReplica(err error) bool {
	const errNotReplica = 100 // Vitess's own number, in MySQL's form
	num, _, _ := vterr.SQLError(err)
	return num == errNotReplica
}
