package invariant

import (
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// claimKinds are the events that claims follow.
func claimKinds() []string {
	return []string{string(tablet.KindRecord), string(tablet.KindType), string(tablet.KindState)}
}

// claims are the order in which tablets became primary. Terms do not tell it where a clock
// was set: they are what the new primary's clock says (T-81), and a later one may be smaller.
type claims struct {
	count int
	made  map[*tabletView]claim
}

// claim is a tablet's latest term and its place among those of all tablets.
type claim struct {
	term  int64
	place int
}

func newClaims() *claims { return &claims{made: map[*tabletView]claim{}} }

// observe takes over the term of a tablet that is primary. A new one is known first from the
// tablet's record (T-81), of one that was so at its start from its state.
func (c *claims) observe(e *trace.Event, t *tabletView) {
	switch e.Kind {
	case tablet.KindRecord, tablet.KindType, tablet.KindState:
	default:
		return
	}
	term := e.Number("pts")
	if last, known := c.made[t]; e.Text("type") == primaryType && (!known || last.term != term) {
		c.count++
		c.made[t] = claim{term: term, place: c.count}
	}
}

// later reports whether a became primary after b; nil was never.
func (c *claims) later(a, b *tabletView) bool { return c.made[a].place > c.made[b].place }
