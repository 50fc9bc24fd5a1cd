package spec

import "time"

// State is the state of a shard's buffer.
// spec: buffer 5.2
type State uint8

// The states.
const (
	Idle State = iota
	Buffering
	Draining
)

// String is the name of the state in logs.
func (s State) String() string { return [...]string{"IDLE", "BUFFERING", "DRAINING"}[s] }

// Result is what a call of the buffer came to.
// spec: buffer 5.5
type Result uint8

// The results.
const (
	// Pending: it has not returned.
	Pending Result = iota
	// Pass: nothing, at once.
	Pass
	// Retry: retryDone and no error.
	Retry
	// BufferFull: no retryDone, and an error.
	BufferFull
	// Evicted: retryDone and an error.
	Evicted
	// ShardMissing: retryDone and an error.
	ShardMissing
	// ContextCanceled and ContextDeadline: no retryDone, and an error.
	ContextCanceled
	ContextDeadline
)

// String names the result.
func (r Result) String() string {
	return [...]string{"pending", "pass", "retry", "buffer full", "evicted", "shard missing", "context canceled", "context deadline"}[r]
}

// Text is that of the error that the call returns, empty for none. The code is always
// UNAVAILABLE.
// spec: buffer 7.1, B-30
func (r Result) Text() string {
	const context = "Code: UNAVAILABLE\ncontext was canceled before failover finished\n: "
	return [...]string{
		"", "", "", "primary buffer is full", "buffer full: request evicted for newer request",
		"destination shard is missing after a resharding operation",
		context + "context canceled", context + "context deadline exceeded",
	}[r]
}

// RetryDone says whether the call also returns a retry-done function.
// spec: B-26, X-7
func (r Result) RetryDone() bool { return r == Retry || r == Evicted || r == ShardMissing }

// StopReason is why buffering ended.
// spec: B-44, M-3
type StopReason uint8

// The reasons.
const (
	NewPrimarySeen StopReason = iota
	ReshardingComplete
	MoveTablesSwitchedTraffic
	MaxDurationExceeded
	ShutdownStop
	MarkNotServingFailed
	stopReasons
)

// String is the value of the label "reason".
func (r StopReason) String() string {
	return [...]string{"NewPrimarySeen", "ReshardingComplete", "MoveTablesSwitchedTraffic", "MaxDurationExceeded", "Shutdown", "MarkNotServingFailed"}[r]
}

// EvictReason is why a request left the queue before the end of the failover.
type EvictReason uint8

// The reasons.
const (
	EvictedFull EvictReason = iota
	EvictedContext
	EvictedWindow
	evictReasons
)

// String is the value of the label "reason".
func (r EvictReason) String() string {
	return [...]string{"BufferFull", "ContextDone", "WindowExceeded"}[r]
}

// SkipReason is why a request was not held.
type SkipReason uint8

// The reasons.
const (
	SkippedFull SkipReason = iota
	SkippedDisabled
	SkippedFailoverTooRecent
	SkippedReparentTooRecent
	SkippedShutdown
	skipReasons
)

// String is the value of the label "reason".
func (r SkipReason) String() string {
	return [...]string{"BufferFull", "Disabled", "LastFailoverTooRecent", "LastReparentTooRecent", "Shutdown"}[r]
}

// Counters are the metrics of one shard.
// spec: buffer 9
type Counters struct {
	Starts                            int64
	Stops                             [stopReasons]int64
	Buffered, BufferedDryRun, Drained int64
	Evicted                           [evictReasons]int64
	Skipped                           [skipReasons]int64

	FailoverDurationSumMs, LastFailoverDurationMs  int64
	UtilizationSum, UtilizationDryRunSum           int64
	LastRequestsInFlightMax, LastRequestsDryRunMax int64
}

// RequestOutcome is what came of a request.
type RequestOutcome struct {
	Result Result
	// At is when the call returned.
	At time.Duration
	// RetryEnd is when the retry-done function was called, with Result Retry. It is zero if that
	// did not happen before the end.
	RetryEnd time.Duration
}

// ShardOutcome is the state and the counters of a shard.
type ShardOutcome struct {
	Shard string
	// Exists: the buffer has an object for the shard. Without one it may have counters. spec: B-9
	Exists   bool
	State    State
	Queued   int
	Counters Counters
}

// BufferOutcome is what came of a schedule.
type BufferOutcome struct {
	Requests []RequestOutcome
	// ShutdownReturned has an instant for each shutdown, or -1.
	ShutdownReturned []time.Duration
	// SlotsInUse and Shards, sorted by name, are those of the end.
	SlotsInUse int
	Shards     []ShardOutcome
}
