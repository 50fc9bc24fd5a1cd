// Package toposerver is the topology server as a host of the simulated network:
// the part of etcd that Vitess uses, and what ZooKeeper, Consul and Vitess's memory
// topology do otherwise. It stores opaque values with modification
// revisions, compares and sets, keeps leases, and lets clients watch keys.
//
// A [Store] is the disk: it outlives crashes of the host. [Serve] runs the
// server's process on it. An outage is a crash, a pause or a partition of the
// host, or a rule on its links; records and leases survive it, and leases start
// anew with their full time to live when the process comes back.
//
// Faults of the service itself are methods of the store, for tests and fault
// injectors: [Store.LoseQuorum], [Store.Elect], [Store.StallMember], [Store.Slow],
// [Store.SetError], [Store.FailOn], [Store.Wipe], [Store.ExpireLeases], and for watches
// [Store.SetWatchFaults], [Store.SilenceWatches], [Store.CompactWatches],
// [Store.CloseWatches]. Without a fault they cost nothing.
//
// Left out: members with a state of their own, and authentication. A watch of a key
// that is opened again after a break tells of the key's last value or of its deletion,
// not of every value in between; one of a prefix tells of all.
//
// Invariants: the revisions of successful writes increase; at most one of several
// conditional writes with one expected revision succeeds; watchers of a key hear
// of its writes in order. spec: I-O1, I-O2
//
//	store := toposerver.NewStore(netEnv)
//	world.AddHost("topo", sim.HostOptions{}, func(env *sim.Env) {
//		toposerver.Serve(env, network.Node(env), store, toposerver.Options{})
//	})
package toposerver
