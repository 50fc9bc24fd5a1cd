// Package srvtopo is the cache of the serving graph inside vtgate and vttablet:
// Vitess's resilient server.
//
// A [ResilientServer] keeps one watch per SrvKeyspace and SrvVSchema that somebody
// asked for, serves reads from the last value, and tells listeners of changes.
// When a watch breaks, the value stays for some time and the watch is opened
// again. The list of keyspace names is not watched but queried and cached.
//
// Left out: the text status page.
//
// Invariants: while a watch runs, reads touch no topology and never block; there
// is at most one watch attempt per value and one query per cell at a time; a
// listener is never called twice at the same time. spec: O-58..O-64, D-79..D-82
//
//	srv := srvtopo.NewResilientServer(env, ts, srvtopo.Options{})
//	srv.WatchSrvKeyspace("zone1", "customer", func(ks *topodata.SrvKeyspace, err error) bool {
//		return true // keep me
//	})
//	ks, err := srv.GetSrvKeyspace(ctx, "zone1", "customer")
package srvtopo
