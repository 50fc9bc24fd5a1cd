package discovery

import "bufsim/model/topodata"

// Known, Cached and Listed look into a health check without its lock: for a test's trace sink,
// which runs inside an update.

// Known says whether a tablet is in the authoritative map.
func (hc *HealthCheck) Known(alias topodata.TabletAlias) bool { return hc.byAlias[alias] != nil }

// Cached gives the bucket under which each tablet of the cache is kept.
func (hc *HealthCheck) Cached(visit func(bucket topodata.TabletType, h *TabletHealth)) {
	for key, bucket := range hc.cache {
		for _, h := range bucket {
			visit(key.tabletType, h)
		}
	}
}

// Listed gives the entries of each healthy list.
func (hc *HealthCheck) Listed(visit func(shard string, list topodata.TabletType, h *TabletHealth)) {
	for key, list := range hc.healthy {
		for _, h := range list {
			visit(key.shard, key.tabletType, h)
		}
	}
}
