package discovery

import (
	"cmp"
	"slices"
)

// Status lists what the health check knows, for the status page. spec: G-90
type Status struct {
	// Cache has every known tablet by the type that it last reported; Healthy has those that
	// are used. The two may differ. Both are sorted by cell, keyspace, shard, type and alias.
	Cache, Healthy []TabletHealth
}

// Status reads both tables at one instant.
func (hc *HealthCheck) Status() Status {
	hc.mu.Lock()
	defer hc.mu.Unlock()
	var s Status
	for _, bucket := range hc.cache { // order-free: sorted below
		for _, h := range bucket { // order-free: sorted below
			s.Cache = append(s.Cache, *h)
		}
	}
	for _, list := range hc.healthy { // order-free: sorted below
		for _, h := range list {
			s.Healthy = append(s.Healthy, *h)
		}
	}
	sortForStatus(s.Cache)
	sortForStatus(s.Healthy)
	return s
}

func sortForStatus(list []TabletHealth) {
	slices.SortFunc(list, func(a, b TabletHealth) int {
		return cmp.Or(cmp.Compare(a.Alias().Cell, b.Alias().Cell), compareKeys(keyOf(a.Target), keyOf(b.Target)), a.Alias().Compare(b.Alias()))
	})
}
