package tune

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// curveBelow and curveAbove are how many windows on either side of the result the curve has.
const (
	curveBelow = 3
	curveAbove = 1
)

// curve plays the windows around the result to their ends.
func (s *search) curve() error {
	list, _ := s.diagonal(s.candidates.Drains[0])
	at := len(list) - 1
	if s.advice.Setting != nil {
		at, _ = slices.BinarySearchFunc(list, s.advice.Setting.Window, func(set Setting, w time.Duration) int { return cmp.Compare(set.Window, w) })
	}
	for i, set := range list {
		if i == 0 || i >= at-curveBelow && i <= at+curveAbove {
			if err := s.play(s.ctx, s.outcome(set), s.first(), s.Seeds, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish fills in what is said of the runs as a whole.
func (s *search) finish() error {
	a := s.advice
	list, _ := s.diagonal(s.candidates.Drains[0])
	for _, set := range list {
		o := s.known[set]
		if o == nil || len(o.Runs) < min(2, s.Seeds) || len(o.Runs) < s.Seeds && !a.Interrupted {
			continue
		}
		c, err := curvePoint(o, s.Target)
		if err != nil {
			return err
		}
		a.Curve = append(a.Curve, c)
	}
	for _, set := range s.order {
		a.cover(s.known[set])
	}
	for i := range a.Below {
		if b := &a.Below[i]; b.outcome != nil {
			b.Missed, b.Causes = s.Target.Missed(b.outcome), b.outcome.Causes()
		}
	}
	a.Memory.PerRequest = cmp.Or(s.RequestBytes, RequestBytes)
	if a.Setting != nil {
		a.Flags = a.Setting.Flags(s.Profile)
		if o := s.known[*a.Setting]; o != nil {
			a.Memory.HighWater = max(a.Memory.HighWater, o.HighWater())
		}
		a.Memory.Used = a.Memory.HighWater * int64(a.Memory.PerRequest)
		a.Memory.Full = int64(a.Setting.Size) * int64(a.Memory.PerRequest)
	}
	s.judgeCoverage()
	return nil
}

// judgeCoverage takes a recommendation back that was made without the longest outage: what
// was not simulated is not recommended.
func (s *search) judgeCoverage() {
	a := s.advice
	if a.Verdict != Recommended && a.Verdict != Unavoidable || s.PRS.IsZero() {
		return
	}
	if wanted := s.PRS.Max(); a.Played.OutageMax < wanted-outageTolerance(wanted) {
		a.Verdict = Inconclusive
		a.note("No run had an outage of %v, the longest that was asked for: the longest was %v. Nothing is recommended for what was not played.",
			wanted, round(a.Played.OutageMax))
	}
}

// outageTolerance is how far an outage may be from the wanted one: steps of a reparent vary.
func outageTolerance(wanted time.Duration) time.Duration {
	return max(wanted/10, 200*time.Millisecond)
}

// assumed says what a search takes for granted.
func (p *Problem) assumed() (list []string) {
	if p.PRS.IsZero() {
		list = append(list, "Reparents take as long as the scenario's steps make them.")
	} else {
		list = append(list, fmt.Sprintf("A reparent of a shard without lag keeps it without a primary for %s; replication lag comes on top.", p.PRS))
	}
	if !p.Lag.IsZero() {
		list = append(list, fmt.Sprintf("Replicas apply transactions late by %s.", p.Lag))
	}
	return append(list,
		"Only planned reparents and what else the scenario's timeline has: no crash, no network fault that it does not name.",
		fmt.Sprintf("A held request costs a gate %d KiB.", cmp.Or(p.RequestBytes, RequestBytes)>>10))
}
