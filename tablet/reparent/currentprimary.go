package reparent

import "bufsim/model/topodata"

// currentPrimary gives the shard's primary by the tablets' own records: the one of type
// PRIMARY with the latest term. It gives nil if there is none or if the latest term is
// shared; then tied holds two of those that share it. The shard record has no say.
// spec: R-14
func currentPrimary(tablets []*topodata.Tablet) (primary *topodata.Tablet, tied []*topodata.Tablet) {
	for _, t := range tablets {
		switch {
		case t.Type != topodata.Primary:
		case primary == nil || t.PrimaryTermStartTime > primary.PrimaryTermStartTime:
			primary, tied = t, nil
		case t.PrimaryTermStartTime == primary.PrimaryTermStartTime:
			tied = []*topodata.Tablet{primary, t}
		}
	}
	if tied != nil {
		return nil, tied
	}
	return primary, nil
}
