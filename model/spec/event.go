package spec

import (
	"fmt"
	"time"
)

// Event is one atomic step of a buffer or of somebody around it. Between two events anybody else
// may take a step.
// spec: C-1, C-2
type Event struct {
	Kind EventKind
	// Of is the number of the request, shard, signal or shutdown that takes the step; Nth is that of a
	// drain worker, or another detail.
	Of, Nth int
	// At is the new instant of TimePasses.
	At time.Duration
}

// EventKind says what happens.
type EventKind uint8

// The steps. Those that need the shard's lock say so.
const (
	// TimePasses: nothing else can happen at this instant.
	TimePasses EventKind = iota

	// RequestCalls: classification and the first look at "stopped". spec: B-4, B-9
	RequestCalls
	// RequestCreates makes the missing shard buffer. spec: B-10
	RequestCreates
	// RequestLooks is the look at the state without the lock. spec: B-11, B-13
	RequestLooks
	// RequestEnters (lock): cool-down, start, admission. spec: C-1
	RequestEnters
	// WatcherAnswers while the request has the lock. spec: C-3
	WatcherAnswers
	// ParkedReturns (lock): the watcher has answered a request that gave up the lock. spec: M-3, M-4
	ParkedReturns
	// RequestAdmits is the try for a slot, where it is a step of its own. spec: C-4
	RequestAdmits
	// ContextEnds, by its deadline or (Nth 1) by cancellation.
	ContextEnds
	// RequestWakes because it is unblocked, RequestGivesUp because its context ended. spec: B-31
	RequestWakes
	RequestGivesUp
	// RequestLeaves (lock) the queue, if it is in it. spec: B-27, B-29
	RequestLeaves
	// RetryEnds: the caller calls its retry-done function. spec: B-26
	RetryEnds

	// SlotFreed by the task that waits for the scope of request Nth; WaitOver is the end of a task that
	// only waits. spec: B-28, B-22
	SlotFreed
	WaitOver

	// ThreadLooks (lock) at the head of the queue. spec: B-33
	ThreadLooks
	// ThreadFetches the present notice channel. spec: buffer 8.2
	ThreadFetches
	// The thread wakes for one of the reasons that are there. spec: B-34, B-35
	ThreadSeesMax
	ThreadSeesStop
	ThreadSeesUnblocked
	ThreadSeesDeadline
	ThreadSeesNotice
	// ThreadStops (lock) the buffering, ThreadEvicts (lock) the head. spec: B-36, B-38
	ThreadStops
	ThreadEvicts

	// The drain. spec: B-45..B-49
	DrainAsks
	DrainBegins
	WorkerTakes
	WorkerUnblocks
	WorkerReleases
	DrainCounts
	DrainEnds // (lock)

	// SignalComes to the consumer; for each record it then looks at "stopped" and gets the shard
	// buffer, and applies it (lock). spec: B-54, C-1
	SignalComes
	RecordArrives
	RecordApplies // (lock)

	// The steps of Shutdown; ShutdownTurns to shard Nth, and ShutdownStops needs its lock. spec: B-64
	ShutdownBegins
	ShutdownLists
	ShutdownTurns
	ShutdownStops
	ShutdownFlags
	ShutdownJoins

	// ProbeLooks at the whole buffer; for outcomes it is nothing.
	ProbeLooks
)

// Effect is what the world outside sees of a step.
type Effect struct {
	Kind EffectKind
	// Of is the number of the request, shutdown or probe.
	Of int
}

// EffectKind says what is seen.
type EffectKind uint8

// The effects. What came of a request is in the outcome of the state.
const (
	// Returned: the call of a request returned.
	Returned EffectKind = iota
	// RetryOver: the retry of a request ended.
	RetryOver
	// ShutdownReturned: Shutdown returned.
	ShutdownReturned
	// Probed: it is time for a probe.
	Probed
)

// String is for messages of tests.
func (e Event) String() string { return fmt.Sprintf("event %d of %d/%d", e.Kind, e.Of, e.Nth) }

// Step gives the state after an event that was enabled, and what is seen of it. The receiver
// does not change.
func (b Buffer) Step(e Event) (Buffer, []Effect) {
	b = b.clone()
	switch {
	case e.Kind == TimePasses:
		b.now = e.At
	case e.Kind == ProbeLooks:
		b.probed++
		return b, []Effect{{Probed, e.Of}}
	case e.Kind <= RetryEnds:
		return b, b.stepRequest(e)
	case e.Kind <= WaitOver:
		b.stepHelper(e)
	case e.Kind <= ThreadEvicts:
		b.stepThread(&b.shards[e.Of], e)
	case e.Kind <= DrainEnds:
		b.stepDrain(&b.shards[e.Of], e)
	case e.Kind <= RecordApplies:
		b.stepSignal(e)
	default:
		return b, b.stepShutdown(e)
	}
	return b, nil
}
