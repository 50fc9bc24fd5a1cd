// Package tablet is vttablet: the state manager, the query service with its pools and
// transactions, the health stream, and the tablet manager with its records in the topology.
// Packages beside it: mysqld (the MySQL server), tmclient (the calls to a tablet manager)
// and reparent (the operations over several tablets).
//
// The big picture. A [Tablet] is one process. Requests come in through the query service
// (queryservice.go) and are admitted by the state manager (admission.go); statements run on
// pooled MySQL connections (pool.go, txpool.go) and stand on query lists while they run, so
// that a demotion can kill them (querylist.go). SetServingType is the only way from one
// state to another (statemanager.go, transitions.go, drain.go). Every change of state ends
// in a health broadcast (health.go). The tablet manager's calls (tabletmanager.go, rpc_*.go)
// change types, replication and MySQL settings, write the tablet record (publish.go), and
// the shard-sync loop (shardsync.go) writes the shard record.
//
// A process listens on its host, which is named like its alias (zone1-0000000101). It dies
// with the host; tables live in the mysqld.Server that is given to New.
//
// Left out: streaming results (a streaming query answers once), two-phase commit, message
// streams, VReplication, online DDL, throttlers, the schema engine (only their time) and its
// health messages, backups.
//
// Invariants (spec T-150 to T-157): serving is only advertised when state and wish are
// Serving and replication is healthy; at most one transition runs; after a drain no
// transaction is open; a tablet that is not PRIMARY advertises no term.
//
//	world.AddHost(alias.String(), sim.HostOptions{}, func(env *sim.Env) {
//		node := network.Node(env)
//		t := tablet.New(env, node, topo.NewServer(env, node, topo.Options{}), server, tablet.Options{Alias: alias, Keyspace: "commerce", Shard: "0"})
//		err := t.Start()
//	})
package tablet
