// Package mysqld is a model of a MySQL server under Vitess: transactions with GTIDs, the
// binary log, replication with a receiver and an applier thread, semi-synchronous
// replication, and read_only.
//
// A Server is made once and lives as long as its world. Its host (see HostName) is the
// process: Boot runs it there. A crash of the host loses sessions, threads and settings;
// tables, binary log and relay log are on disk. Programs on the same machine open a Client,
// which stands for the local socket; servers reach each other over the network.
//
// Left out: SQL, row locks and deadlocks (writes never wait for each other's rows), DDL as
// more than a transaction, the purging of old binary logs, parallel appliers as such (see
// Timings.Apply).
//
// Data is rows. A row keeps the last value and the number of writes that made it, so that
// checkers see lost and repeated writes. The key of a statement is what a checker knows the
// row by, not its primary key: that is an auto-increment value which the source gives, as in
// the tables of the workloads, so a client that repeats an INSERT makes a second row. A
// replica on which that value is taken already, or which lacks the row of an UPDATE or
// DELETE, stops its applier (conflict.go).
//
// Invariants: the executed set only grows, except by RESET BINARY LOGS AND GTIDS (T-153); a
// commit that was answered is in the executed set, and under semi-sync an attached replica
// had it before (T-152); the binary log holds every executed transaction in commit order.
//
//	server := mysqld.New(disk, mysqld.Options{Alias: alias})
//	world.AddHost(mysqld.HostName(alias), sim.HostOptions{}, func(env *sim.Env) {
//		server.Boot(env, network.Node(env))
//	})
//	client := server.Client(env) // in the tablet's process
package mysqld
