// Package buffer is VTGate's request buffer: during the failover of a shard's primary it
// holds requests and gives them free for a retry when the failover is over.
//
// It models Vitess's go/vt/vtgate/buffer as the concurrent program it is. One [Buffer] serves
// a gate; it makes a shard buffer for each keyspace/shard it hears of, each a small machine
// IDLE, BUFFERING, DRAINING, IDLE under a lock of its own. All shards share the slots.
// The tasks of one failover, and where to read about them:
//
//	the requests themselves           entrance.go start.go admit.go wait.go
//	the timeout thread                timeout.go, until the drain asks it to end
//	the event consumer of the gate    event.go (up to v17 also health.go), which calls stop.go
//	the drain and its workers         drain.go
//	asynchronous slot waiters         slots.go
//	Shutdown                          shutdown.go
//
// What differs between releases, bugs included, hangs on the switches of release.Behaviors.
// Left out: the classification by text of v11 and older, and stack traces in log lines.
//
// Invariants: a request is given free once, by the step that took it out of the queue; a slot
// that was taken is released once; no lock is held while anybody waits, except (before the
// switch MarkWindow) during the call of the keyspace event watcher, from which a deadlock can
// follow that real gates have, too.
//
//	b := buffer.New(env, buffer.ConfigOf(flags.VTGate), registry, profile.Behaviors)
//	retryDone, err := b.WaitForFailoverEnd(ctx, "commerce", "0", watcher, lastError)
//	if retryDone != nil {
//		defer retryDone() // when the retry has finished
//	}
package buffer
