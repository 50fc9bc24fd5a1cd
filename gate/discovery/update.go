package discovery

import (
	"cmp"
	"slices"

	"bufsim/model/query"
	"bufsim/model/topodata"
)

// update writes one change of a tablet into the shared state and tells the subscribers, all
// at once. before is the target of the state before it; up says that the tablet can be used.
// spec: discovery 4
func (hc *HealthCheck) update(t *tabletCheck, h *TabletHealth, before query.Target, trivial, up bool) {
	hc.mu.Lock()
	defer hc.mu.Unlock()
	known, ok := hc.byAlias[h.Alias()]
	if !ok || hc.opts.Behaviors.StaleLoopFenced && known != t {
		return // spec: D-30, D-96
	}
	was, is := keyOf(before), keyOf(h.Target)
	if was != is {
		delete(hc.cache[was], h.Alias()) // spec: D-31
	}
	hc.putInCache(h)
	if was.tabletType == topodata.Primary && is.tabletType != topodata.Primary {
		hc.primaryLost(was)
	}
	if is.tabletType == topodata.Primary {
		hc.updatePrimary(is, h, up)
	} else if !trivial && hc.included(h.Tablet) {
		hc.recompute(is) // spec: D-35
	}
	if was != is && was.tabletType != topodata.Primary && hc.included(h.Tablet) {
		hc.recompute(was)
	}
	if is.tabletType == topodata.Primary && was.tabletType != topodata.Primary {
		hc.env.Logf("info", "Adding 1 to PrimaryPromoted counter for target: %s, tablet: %s, tabletType: %s",
			before, h.Alias(), h.Target.TabletType)
		hc.counts.promoted.With(h.Target.Keyspace, h.Target.Shard).Add(1) // spec: D-41
	}
	hc.broadcast(h)
}

func (hc *HealthCheck) putInCache(h *TabletHealth) {
	key := keyOf(h.Target)
	if hc.cache[key] == nil {
		hc.cache[key] = map[topodata.TabletAlias]*TabletHealth{}
	}
	hc.cache[key][h.Alias()] = h
}

// updatePrimary decides who is listed as the primary. The older of two terms never replaces
// the newer; of two equal ones the last message counts. spec: D-33, D-34, D-94
func (hc *HealthCheck) updatePrimary(key targetKey, h *TabletHealth, up bool) {
	listed := hc.healthy[key]
	switch {
	case up && (len(listed) == 0 || h.PrimaryTermStartTime >= listed[0].PrimaryTermStartTime):
		hc.healthy[key] = []*TabletHealth{h}
	case up:
		hc.env.Mark("older-primary-refused")
		hc.env.Logf("warning", "not marking healthy primary %s as Up for %s/%s because its PrimaryTermStartTime is smaller than the highest known timestamp from previous PRIMARYs %s: %d < %d",
			shortName(h.Alias()), key.keyspace, key.shard, shortName(listed[0].Alias()), h.PrimaryTermStartTime, listed[0].PrimaryTermStartTime)
	default:
		hc.dropPrimary(key, h.Alias())
	}
}

// dropPrimary takes a tablet out of a PRIMARY list.
func (hc *HealthCheck) dropPrimary(key targetKey, alias topodata.TabletAlias) {
	if listed := hc.healthy[key]; slices.ContainsFunc(listed, func(h *TabletHealth) bool { return h.Alias() == alias }) {
		hc.healthy[key] = slices.DeleteFunc(slices.Clone(listed), func(h *TabletHealth) bool { return h.Alias() == alias })
	}
}

// primaryLost asks the topology watchers to look for the shard's new primary, if none is known.
// spec: D-32
func (hc *HealthCheck) primaryLost(key targetKey) {
	if !hc.opts.Behaviors.LoadTriggerOnLostPrimary || len(hc.cache[key]) > 0 {
		return
	}
	ks := KeyspaceShard{key.keyspace, key.shard}
	if hc.opts.Behaviors.LoadTriggerBlocks {
		hc.load.Send(ks)
		return
	}
	hc.load.TrySend(ks)
}

// remove forgets a tablet; the caller holds the mutex. No subscriber hears of it.
// spec: D-37, D-95
func (hc *HealthCheck) remove(alias topodata.TabletAlias) {
	t := hc.byAlias[alias]
	if t == nil {
		return
	}
	t.cancel()
	delete(hc.byAlias, alias)
	for _, key := range hc.cachedUnder(alias) {
		delete(hc.cache[key], alias)
		switch {
		case key.tabletType != topodata.Primary:
			hc.recompute(key)
		case hc.opts.Behaviors.PrimaryRemovalUsesLagFilter:
			hc.recompute(key) // spec: D-97
		default:
			hc.dropPrimary(key, alias)
		}
	}
}

// cachedUnder finds the buckets that hold a tablet, in a fixed order.
func (hc *HealthCheck) cachedUnder(alias topodata.TabletAlias) []targetKey {
	var keys []targetKey
	for key, bucket := range hc.cache { // order-free: sorted below
		if _, ok := bucket[alias]; ok {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

func compareKeys(a, b targetKey) int {
	return cmp.Or(cmp.Compare(a.keyspace, b.keyspace), cmp.Compare(a.shard, b.shard), cmp.Compare(a.tabletType, b.tabletType))
}

// recompute makes the healthy list of a type anew from the cache. Nothing else ever does: a list
// that is wrong stays so until the next change that is not trivial. spec: D-35, D-44
func (hc *HealthCheck) recompute(key targetKey) {
	var list []*TabletHealth
	for _, h := range hc.cache[key] { // order-free: sorted below
		if key.tabletType == topodata.Primary || hc.included(h.Tablet) {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b *TabletHealth) int { return a.Alias().Compare(b.Alias()) })
	hc.healthy[key] = hc.opts.filterByLag(list)
}

// included says that replicas of the tablet's cell may be used: the local cell, or one with
// the same alias. spec: D-35, D-42, G-50
func (hc *HealthCheck) included(tablet topodata.Tablet) bool {
	cell, local := tablet.Alias.Cell, hc.opts.LocalCell
	return cell == local || hc.aliases != nil && hc.aliasOf(cell) == hc.aliasOf(local)
}

// aliasOf looks an alias up once and keeps it for ever. spec: D-42
func (hc *HealthCheck) aliasOf(cell string) string {
	hc.cellsMu.Lock()
	defer hc.cellsMu.Unlock()
	alias, known := hc.cellAliases[cell]
	if !known {
		alias = hc.aliases.AliasOfCell(hc.ctx, cell)
		hc.cellAliases[cell] = alias
	}
	return alias
}
