// Package spec holds the reference models of what the gate does in a failover: the rules of the
// specification written down as plainly as possible, without concurrency and without a clock. They
// are the oracles of the property tests, and share no code with package gate.
//
// [Buffer] models the request buffer (Vitess's go/vt/vtgate/buffer). Its state is a value that
// holds the shards, the slots, and how far each caller, helper task, event and shutdown has come.
// One atomic step of the rules is one [Event]: [Buffer.Enabled] lists those that may come next,
// [Buffer.Step] gives the state after one of them, and what is seen from outside. That time passes is
// an event, too, and only comes when nobody can do anything else. So nondeterminism is nothing but
// a list with several events; the places are marked [ND].
//
//	entrance.go   the call, the cool-down, the start       B-4..B-19, M-1..M-6
//	queue.go      slots, queue, evictions                  B-20..B-32
//	failover.go   the stop, the timeout thread, the drain  B-33..B-53
//	ends.go       events, health records, shutdown         B-54..B-68, L-1..L-5
//	enabled.go    what may come next                       C-1..C-11
//
// [PlayBuffer] plays a [Schedule] of calls, deadlines, cancellations, events and shutdowns with the
// first event each time, [AllBufferOutcomes] with all of them, and [AllowsBuffer] says whether an
// outcome that was observed is one of them. The differences between releases are the switches of
// release.Behaviors.
//
// [Watcher] models the keyspace event watcher (Vitess's go/vt/discovery/keyspace_events.go) as a
// function of the messages that it sees, one after the other: [Watcher.Step].
//
// Left out: log lines, the series that exist with value 0, the watcher's blocking of the buffer
// and the deadlock that can follow (C-9; a mark takes a given time here), channels of events and
// health updates and what they drop (D-48, D-67), topology reads that fail or take time (D-99), the
// wait for a keyspace's first topology answer (D-52a), the classification of v11.
//
// Invariants: Step changes no state that it was given; equal states have equal successors; what
// Enabled leaves out as not worth trying first changes no set of outcomes.
//
//	s := spec.Schedule{End: time.Hour, Requests: []spec.Request{{Shard: "ks/0", Cause: failover}}}
//	out := spec.PlayBuffer(cfg, profile.Behaviors, s, func(spec.Buffer, spec.Effect) {})
//	fmt.Println(out.Requests[0].Result, out.Requests[0].At) // retry 10s
package spec
