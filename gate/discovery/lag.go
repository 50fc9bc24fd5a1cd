package discovery

import (
	"cmp"
	"slices"
	"time"
)

// filterByLag chooses the replicas to use. The order of the result has no meaning.
// spec: D-45, D-46, D-47
func (o Options) filterByLag(all []*TabletHealth) []*TabletHealth {
	var list []*TabletHealth
	for _, h := range all {
		if h.Serving && h.LastError == nil && h.Stats != nil {
			list = append(list, h)
		}
	}
	if o.LegacyLagAlgorithm {
		return o.legacyFilter(list)
	}
	high := uint64(o.LagHigh / time.Second)
	list = slices.DeleteFunc(list, func(h *TabletHealth) bool { return h.lag() > high })
	return o.lowestLag(list)
}

// lowestLag keeps the tablets whose lag is low and fills up with the next ones to the minimum.
func (o Options) lowestLag(list []*TabletHealth) []*TabletHealth {
	slices.SortStableFunc(list, byLag)
	low := uint64(o.LagLow / time.Second)
	n := 0
	for n < len(list) && list[n].lag() <= low {
		n++
	}
	return list[:min(max(n, o.ServingMin), len(list))]
}

// legacyFilter compares each tablet with the mean of the others. spec: D-46
func (o Options) legacyFilter(list []*TabletHealth) []*TabletHealth {
	kept := o.legacyPass(list)
	if len(kept) == len(list)-1 && len(kept) > o.ServingMin {
		kept = o.legacyPass(kept)
	}
	return kept
}

func (o Options) legacyPass(list []*TabletHealth) []*TabletHealth {
	low, high := uint64(o.LagLow/time.Second), uint64(o.LagHigh/time.Second)
	isLow := func(h *TabletHealth) bool { return h.lag() <= low }
	if len(list) <= 1 || !slices.ContainsFunc(list, func(h *TabletHealth) bool { return !isLow(h) }) {
		return list
	}
	all := mean(list, -1)
	var kept []*TabletHealth
	for i, h := range list {
		if 10*mean(list, i) > 7*all {
			kept = append(kept, h)
		}
	}
	if len(kept) >= o.ServingMin {
		return kept
	}
	sorted := slices.SortedStableFunc(slices.Values(list), byLag)
	within := slices.DeleteFunc(slices.Clone(sorted), func(h *TabletHealth) bool { return h.lag() > high })
	if len(within) == 0 {
		within = sorted
	}
	return within[:min(o.ServingMin, len(within))]
}

func byLag(a, b *TabletHealth) int { return cmp.Compare(a.lag(), b.lag()) }

// mean is the integer mean of the lags, without entry skip if that is not negative; at least one
// must remain.
func mean(list []*TabletHealth, skip int) uint64 {
	var sum, n uint64
	for i, h := range list {
		if i != skip {
			sum += h.lag()
			n++
		}
	}
	return sum / n
}
