package discovery

import "bufsim/gate/metrics"

// counters are what the health check counts. spec: D-41, D-43, D-48
type counters struct {
	errors, promoted, channelFull, connections *metrics.Vector
}

func newCounters(reg *metrics.Registry) counters {
	register := func(kind metrics.Type, name, help string, labels ...string) *metrics.Vector {
		return reg.Register(metrics.Family{Name: name, Help: help, Type: kind, Labels: labels})
	}
	return counters{
		errors: register(metrics.Counter, "vtgate_healthcheck_errors",
			"Health streams that ended with an error, and silences.", "keyspace", "shard_name", "tablet_type"),
		promoted: register(metrics.Counter, "vtgate_healthcheck_primary_promoted",
			"Tablets that became PRIMARY.", "keyspace", "shard_name"),
		channelFull: register(metrics.Counter, "vtgate_health_check_channel_full_errors",
			"Health updates that a subscriber had no room for."),
		connections: register(metrics.Gauge, "vtgate_healthcheck_connections",
			"Tablets that serve and have no error.", "keyspace", "shard_name", "tablet_type"),
	}
}

// CountConnections brings the gauge of connections up to date; call it before the metrics are
// read. It counts in the cache, not in the healthy lists. spec: D-43
func (hc *HealthCheck) CountConnections() {
	hc.mu.Lock()
	defer hc.mu.Unlock()
	for key, bucket := range hc.cache { // order-free: each bucket sets its own series
		var n int64
		for _, h := range bucket { // order-free: counting
			if h.Serving && h.LastError == nil {
				n++
			}
		}
		hc.counts.connections.With(key.keyspace, key.shard, key.tabletType.Lower()).Set(n)
	}
}

// watcherCounters are what the topology watchers of a gate count together. spec: D-77
type watcherCounters struct {
	operations, errors, checksum *metrics.Vector
}

// The operations of a topology watcher, as they are counted. spec: D-77
const (
	opListTablets   = "ListTablets"
	opAddTablet     = "AddTablet"
	opRemoveTablet  = "RemoveTablet"
	opReplaceTablet = "ReplaceTablet"
)

func newWatcherCounters(reg *metrics.Registry) *watcherCounters {
	return &watcherCounters{
		operations: reg.Register(metrics.Family{
			Name: "vtgate_topology_watcher_operations", Help: "What topology watchers did.",
			Type: metrics.Counter, Labels: []string{"operation"},
		}),
		errors: reg.Register(metrics.Family{
			Name: "vtgate_topology_watcher_errors", Help: "What failed in topology watchers.",
			Type: metrics.Counter, Labels: []string{"operation"},
		}),
		checksum: reg.Register(metrics.Family{
			Name: "vtgate_topology_watcher_checksum", Help: "crc32 over the sorted aliases of the last cell that was read.",
			Type: metrics.Gauge, Labels: []string{"cell"},
		}),
	}
}
