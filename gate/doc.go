// Package gate is VTGate: the process that MySQL clients connect to. It puts together the
// health check, the keyspace event watcher, the buffer and the gateway, and adds what lies
// above them: sessions and transactions, routing of statements to shards, the executor's own
// retries, the MySQL endpoint, and the order of start and shutdown.
//
//	server.go session.go       connections and what they remember
//	statement.go set.go        one statement, from the client's packet to its answer
//	plan.go vschema.go         which keyspace, type and shards a statement goes to
//	executor.go retries.go     scatter, implicit transactions, re-planning and re-resolving
//	shardcall.go reserved.go   the call for one shard in one session
//	transaction.go             commit, rollback, fatal errors
//	gate.go start.go stop.go   the process
//	status.go                  what operators see
//
// Left out: the SQL parser (statements come with what they do), joins and aggregation,
// vindexes (a key is hashed), two-phase commit, message streams, advisory locks, the gRPC
// endpoint, authentication.
//
// Invariants: statements of one connection run one after the other; the gate does not notice
// that a client left while its statement runs; a statement inside a transaction, or bound to a
// tablet, is never held by the buffer.
//
//	g := gate.New(env, node, topoServer, srvTopo, gate.Options{Cell: "zone1", Flags: set, Release: profile})
//	if err := g.Start(env.Background()); err != nil { ... } // what ends a real process
package gate
