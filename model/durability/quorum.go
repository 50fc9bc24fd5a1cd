package durability

import "slices"

// CanEstablish reports whether a tablet could make progress as primary if only the reached
// tablets were there: it is among them, and enough others acknowledge to it.
// spec: R-11
func (p Policy) CanEstablish(tablet Member, reached []Member) bool {
	return slices.Contains(reached, tablet) && p.ackers(tablet, reached) >= p.acks
}

// Revoked reports whether a tablet can no longer commit as primary, given that the reached
// tablets have been stopped: it is one of them, or too few of its acknowledgers are left.
// spec: R-12
func (p Policy) Revoked(tablet Member, reached, all []Member) bool {
	return slices.Contains(reached, tablet) || p.ackers(tablet, all)-p.ackers(tablet, reached) < p.acks
}

// HaveRevoked reports whether no tablet that may be primary can still commit: stopping the
// reached ones made an emergency reparent safe.
// spec
func (p Policy) HaveRevoked(reached, all []Member) bool {
	for _, tablet := range all {
		if p.Promotion(tablet) != MustNot && !p.Revoked(tablet, reached, all) {
			return false
		}
	}
	return true
}

// ackers counts the members other than the primary that acknowledge to it.
func (p Policy) ackers(primary Member, members []Member) int {
	n := 0
	for _, m := range members {
		if m.Alias != primary.Alias && p.IsAcker(primary, m) {
			n++
		}
	}
	return n
}
