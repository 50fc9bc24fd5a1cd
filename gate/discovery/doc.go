// Package discovery is how a gate learns which tablets exist, what they serve and when a
// keyspace is whole again. It models Vitess's go/vt/discovery:
//
//   - [HealthCheck] keeps a health stream to each tablet and from it the lists of healthy
//     tablets by (keyspace, shard, type);
//   - [TopologyWatcher], one per watched cell, finds tablets in the topology and adds them to
//     the health check;
//   - [KeyspaceEventWatcher] follows health updates and the serving graph and says when every
//     shard of a keyspace serves again, which is what ends buffering;
//   - the waits at a gate's start ([HealthCheck.WaitForTablets], [KeyspaceEventWatcher.WaitForConsistency]).
//
// All three run concurrently as in production: one proc per tablet, one per cell, one task
// for the watcher's health messages. The health check has one mutex, and an update is atomic
// with its broadcast; the watcher has one for the map of keyspaces and one for each keyspace.
//
// Left out: run-time changes of flags, tablet filters by tag, latency-based balancing.
//
// Invariants: a PRIMARY list has at most one entry (releases from v18 on), the term of the
// listed primary does not go back while the list is not empty, each subscriber sees updates
// in the order of the updates, and there is exactly one event per change of a keyspace from
// inconsistent to consistent.
//
//	hc := discovery.NewHealthCheck(env, dialer, nil, reg, discovery.Options{LocalCell: "zone1"})
//	hc.AddTablet(tablet)
//	primary := hc.HealthyTablets(query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary})
package discovery
