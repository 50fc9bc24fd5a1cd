package vterr

import (
	"time"

	"bufsim/model/release"
)

// Texts that other code looks for inside errors, and that stand alone.
const (
	// TextTabletPrefix starts every error that came from a tablet.
	TextTabletPrefix = "vttablet: "
	// TextNotServing and TextShuttingDown are a tablet's refusals. spec: T-40, T-41
	TextNotServing   = "operation not allowed in state NOT_SERVING"
	TextShuttingDown = "operation not allowed in state SHUTTING_DOWN"
	// TextWrongTabletType is in the refusal of a request for another type. spec: T-42
	TextWrongTabletType = "wrong tablet type"
	// TextDisallowedByRule and TextDeniedTables mark denied tables. spec: T-47, G-74
	TextDisallowedByRule = "disallowed due to rule"
	TextDeniedTables     = "enforce denied tables"
	// TextBeingResharded, TextReparent and TextReparentV13 are the gate's own cluster events.
	// spec: G-24
	TextBeingResharded = "current keyspace is being resharded"
	TextReparent       = "primary is not serving, there may be a reparent operation in progress"
	TextReparentV13    = "primary is not serving, there is a reparent operation in progress"
	// TextVT15001 marks an error after which a transaction must be rolled back. spec: G-63
	TextVT15001 = "VT15001"
	// TextBufferingDisabled is the log line of a gate without a buffer. spec: G-2
	TextBufferingDisabled = "Query buffering is disabled"
	// TextHeldLocksReleased prefixes errors of a lost advisory-lock session. spec: G-67
	TextHeldLocksReleased = "held locks released"
)

// The errors that the buffer returns as they are, compared by identity.
// spec: buffer 7.1
var (
	ErrBufferFull    = New(Unavailable, "primary buffer is full")
	ErrBufferEvicted = New(Unavailable, "buffer full: request evicted for newer request")
	ErrShardMissing  = New(Unavailable, "destination shard is missing after a resharding operation")
)

// BufferContextDone is the buffer's error for a request whose context ended while it was
// held: UNAVAILABLE, in three lines. spec: B-30
func BufferContextDone(contextErr error) *Error {
	return New(Unavailable, Verbose(New(Unavailable, "context was canceled before failover finished"))+": "+Verbose(contextErr))
}

// BufferingFailed wraps the buffer's error for a request; previous is the error of the
// attempt before, or nil. spec: B-72, G-22
func BufferingFailed(bufferErr, previous error) error {
	return Wrapf(bufferErr, "failed to automatically buffer and retry failed request during failover. original err (type=%s): %s",
		TypeName(previous), Verbose(previous))
}

// ForTarget wraps an error in the `target: ` prefix; target is keyspace, shard and type in
// lower case, joined by dots. spec: G-28
func ForTarget(err error, target string) error { return Wrap(err, "target: "+target) }

// PrimaryNotServing is the gate's error for a shard without a serving primary, in the wording
// of a release. spec: G-24b
func PrimaryNotServing(b release.Behaviors) *Error { return New(ClusterEvent, b.ReparentText) }

// BeingResharded is the gate's error for a shard that is being split. spec: G-24a
func BeingResharded() *Error { return New(ClusterEvent, TextBeingResharded) }

// InconsistentState is the gate's error when the watcher knows a primary that the health
// check does not. spec: G-24c
func InconsistentState() *Error {
	return New(Unavailable, "inconsistent state detected, primary is serving but initially found no available tablet")
}

// NoHealthyTablet is the gate's error when it has nothing better to say; target is its
// protobuf text form. spec: G-24
func NoHealthyTablet(target string) *Error {
	return Errorf(Unavailable, "no healthy tablet available for '%s'", target)
}

// NoAvailableConnection is the gate's error when every candidate has failed. spec: G-25
func NoAvailableConnection(b release.Behaviors) *Error {
	return New(Unavailable, named(b, "VT14002: ", "no available connection"))
}

// NoConnectionForTablet is the gate's error for a candidate without a connection. spec: G-26
func NoConnectionForTablet(tablet string, b release.Behaviors) *Error {
	return New(Unavailable, named(b, "VT14003: ", "no connection for tablet "+tablet))
}

func named(b release.Behaviors, name, text string) string {
	if b.NamedErrorCodes {
		return name + text
	}
	return text
}

// TransactionOnReplica is the gate's refusal of a transactional call for a replica. spec: G-20
func TransactionOnReplica() *Error {
	return New(Internal, "tabletGateway's query service can only be used for non-transactional queries on replicas")
}

// TypeNotAllowed is the gate's refusal of a tablet type; allowed is the list as Go prints it.
// spec: G-21
func TypeNotAllowed(tabletType, allowed string) *Error {
	return Errorf(FailedPrecondition, "requested tablet type %s is not part of the allowed tablet types for this vtgate: %s", tabletType, allowed)
}

// FatalTransaction re-makes an error that dooms a transaction. spec: G-62
func FatalTransaction(err error) *Error {
	return Errorf(CodeOf(err), "%s: transaction error, issue ROLLBACK and retry the transaction: %s", TextVT15001, err)
}

// RollbackRequired is the answer to any statement but ROLLBACK after FatalTransaction. spec: G-63
func RollbackRequired() *Error {
	return New(FailedPrecondition, "VT09032: previous transaction failed. Issue a ROLLBACK to resolve the failure.")
}

// UpstreamShardsUnavailable ends the retries after a resharding. spec: G-73
func UpstreamShardsUnavailable() *Error {
	return New(Unavailable, "upstream shards are not available")
}

// QueryFailedAfterRetries ends the retries of a MoveTables switch; the trailing blank is
// Vitess's. spec: G-74
func QueryFailedAfterRetries(sql string, last error) *Error {
	return Errorf(Internal, "query %s failed after retries: %s ", sql, Verbose(last))
}

// TabletDown is the gate's error for an alias that the health check does not know or has no
// connection to. spec: D-40, G-61
func TabletDown(alias string) *Error {
	return Errorf(NotFound, "tablet: %s is either down or nonexistent", alias)
}

// NoPartition is the gate's error for a keyspace that does not serve a type. spec: D-78
func NoPartition(tabletType, keyspace string) *Error {
	return Errorf(InvalidArgument, "No partition found for tabletType %s in keyspace %s", tabletType, keyspace)
}

// KeyspaceFetchFailed is the gate's error for a keyspace whose record it cannot get. spec: D-78
func KeyspaceFetchFailed(keyspace string, cause error) *Error {
	return Errorf(CodeOf(cause), "keyspace %s fetch error: %s", keyspace, Verbose(cause))
}

// ConnectionClosed is the error of a call whose connection the health check closed. spec: gateway 9.1
func ConnectionClosed() *Error { return New(Unavailable, TextTabletPrefix+"Connection Closed") }

// ServerShutdown is sent on idle connections of a gate that stops; MySQL 1053. spec: G-86
func ServerShutdown() *MySQLError {
	return &MySQLError{Num: ERServerShutdown, State: SSNetError, Text: "Server shutdown in progress"}
}

// HealthCheckTimedOut is the last error of a tablet that stayed silent. spec: D-16
func HealthCheckTimedOut(latest string) *Error {
	return Errorf(Unavailable, "healthcheck timed out (latest %s)", latest)
}

// HealthStatsInvalid ends a stream with an incomplete message. spec: D-17
func HealthStatsInvalid(message string) *Error {
	return Errorf(InvalidArgument, "health stats is not valid: %s", message)
}

// HealthStatsMismatch ends a tablet's health check when another tablet answers. spec: D-17
func HealthStatsMismatch(wanted, got string) *Error {
	return Errorf(InvalidArgument, "health stats mismatch, tablet %s alias does not match response alias %s", wanted, got)
}

// VTTabletHealth is the last error of a tablet that reports a fault itself. spec: D-18
func VTTabletHealth(healthError string) *Error {
	return Errorf(Unknown, "vttablet error: %s", healthError)
}

// WaitTimedOut logs a gate that starts before its tablets are healthy. spec: G-81
func WaitTimedOut(types string) string {
	return "Timeout waiting for all keyspaces / shards to have healthy tablets of types " + types + ", may be in degraded mode"
}

// elapsed prints a duration the way statements' elapsed times appear in texts.
func elapsed(d time.Duration) string { return "elapsed time: " + d.String() }
