// Package vtorc watches shards and repairs them without an operator: it replaces dead
// primaries, makes primaries writable that should be, and attaches stray replicas. It models
// Vitess's VTOrc, and up to v14 orchestrator as far as the two differ in when they act.
//
// Three loops run (vtorc.go): one reads the topology's records, one asks each tablet for its
// full status, and one analyses what the two have stored. The analysis (analyze*.go) is a pure
// function from a [Snapshot] to [Problem]s. A problem is recovered (recovery.go) under the
// shard lock, after a fresh look, by an operation of package reparent or by calls to single
// tablets (recover_*.go).
//
// Left out: the HTTP interface, downtimes, VTOrc's database (the store is memory, so a
// restarted VTOrc knows nothing), filters by keyspace, replication groups.
//
// Invariants: one recovery at a time per shard and process; nothing is changed without the
// shard lock; a recovery whose problem is gone when the lock is held does nothing.
//
//	v := vtorc.New(env, topoServer, tmclient.New(env, node), vtorc.Options{})
//	v.Start()
package vtorc
