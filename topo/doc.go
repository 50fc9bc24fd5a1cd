// Package topo is the topology service as Vitess's programs see it: the contract of
// a connection to a topology server, its implementations, and the typed
// facade over the global topology and the cells' ones.
//
// It models Vitess's go/vt/topo with its four implementations: etcd2 (the default),
// zk2, consul and memorytopo. [Conn] is the contract, [Server] the facade; the server's
// side is package toposerver, the serving-graph cache of vtgate package srvtopo, the
// contract's checks package topotest. All implementations share one client and one
// server; where one differs, its flavour (flavour_zk2.go and so on) says so.
//
// What callers must know, of etcd2:
//   - every read or write of a cell's record first reads the cell's CellInfo from
//     the global topology, so it needs both (O-13);
//   - an unreachable server is waited for until the context ends, then the error is
//     a Timeout; a write that broke off has an unknown outcome (O-7);
//   - a running watch does not notice an outage (O-25);
//   - a lock lives for 30 s after it was obtained or last checked, however long its
//     holder works (O-38).
//
// Left out: throttler and query-throttler configurations; authentication and TLS.
//
// Invariants: versions of a file increase in the order of its writes; no update by
// read-modify-write is lost; a watch ends up with the stored value or an error,
// and nothing follows an error; a lock whose check succeeded is held at that time
// by nobody else. spec: I-O1, I-O2, I-O3
//
//	ts := topo.NewServer(env, node, topo.Options{})
//	lockCtx, unlock, err := ts.LockShard(ctx, "commerce", "0", "PlannedReparentShard(<nil>)")
//	if err != nil {
//		return err
//	}
//	defer unlock(&err)
//	err = ts.CheckShardLocked(lockCtx, "commerce", "0")
package topo
