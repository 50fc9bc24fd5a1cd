package vterr

import (
	"strconv"
	"time"

	"bufsim/model/release"
)

// NotServing is the refusal of a tablet that does not serve. spec: T-40
func NotServing() *Error { return New(ClusterEvent, TextNotServing) }

// ShuttingDown is the refusal of a tablet that is being demoted or stopped. spec: T-41
func ShuttingDown() *Error { return New(ClusterEvent, TextShuttingDown) }

// NoTarget refuses a request without a target. spec: T-42
func NoTarget() *Error { return New(InvalidArgument, "No target") }

// InvalidKeyspace refuses a request for another keyspace. spec: T-42
func InvalidKeyspace(asked, mine string) *Error {
	return Errorf(InvalidArgument, "invalid keyspace %s does not match expected %s", asked, mine)
}

// InvalidShard refuses a request for another shard. spec: T-42
func InvalidShard(asked, mine string) *Error {
	return Errorf(InvalidArgument, "invalid shard %s does not match expected %s", asked, mine)
}

// WrongTabletType refuses a request for another type; also is the list of types admitted
// besides, as Go prints it (`[]` when empty). spec: T-42
func WrongTabletType(asked, mine, also string) *Error {
	return Errorf(FailedPrecondition, TextWrongTabletType+": %s, want: %s or %s", asked, mine, also)
}

// DeniedTables refuses a statement on a table that MoveTables has taken away. spec: T-47
func DeniedTables(caller string) *Error {
	return New(FailedPrecondition, TextDisallowedByRule+": "+TextDeniedTables+callerID(caller))
}

// callerID is the user's part of a tablet's text, empty when he is not known.
func callerID(caller string) string {
	if caller == "" {
		return ""
	}
	return " (CallerID: " + caller + ")"
}

// PoolTimedOut is the error of a wait for a query connection. spec: T-52
func PoolTimedOut(caller string) *Error {
	return New(ResourceExhausted, "connection pool timed out"+callerID(caller))
}

// TransactionPoolFull is the error of a wait for a transaction connection. spec: T-52, T-53
func TransactionPoolFull(caller string) *Error {
	return New(ResourceExhausted, "transaction pool connection limit exceeded"+callerID(caller))
}

// TransactionPoolExpired is the error of a BEGIN that comes with a dead context. spec: T-52
func TransactionPoolExpired(caller string) *Error {
	return New(DeadlineExceeded, "transaction pool aborting request due to already expired context"+callerID(caller))
}

// PoolClosed is the error of a request that was admitted before a demotion and found the pool
// closed. spec: T-142
func PoolClosed(caller string) *Error {
	return New(Internal, "connection pool is closed"+callerID(caller))
}

// StatementKilled is the error of a statement that a demotion or shutdown killed. spec: T-36, G-68
func StatementKilled(after time.Duration, connection int64, caller string, b release.Behaviors) *Error {
	text := "QueryList.TerminateAll(), " + elapsed(after) + ", killing " + killed(b) + " ID " + strconv.FormatInt(connection, 10)
	if !b.KillTextShort {
		text = "(errno 2013) due to " + text
	}
	return New(Canceled, text+callerID(caller))
}

func killed(b release.Behaviors) string {
	if b.KillNamesConnection {
		return "connection"
	}
	return "query"
}

// StatementTimedOut is the error of a statement whose deadline passed; inTransaction kills the
// whole connection. spec: T-51
func StatementTimedOut(after time.Duration, connection int64, inTransaction bool, caller string) *Error {
	return interrupted("(errno 3024) (sqlstate HY000): Query execution was interrupted, maximum statement execution time exceeded",
		after, connection, inTransaction, caller)
}

// StatementCanceled is the error of a statement whose caller went away. spec: T-51
func StatementCanceled(after time.Duration, connection int64, inTransaction bool, caller string) *Error {
	return interrupted("(errno 1317) (sqlstate 70100): Query execution was interrupted", after, connection, inTransaction, caller)
}

func interrupted(text string, after time.Duration, connection int64, inTransaction bool, caller string) *Error {
	noun := "query"
	if inTransaction {
		noun = "connection"
	}
	return Errorf(Canceled, "%s, %s, killing %s ID %d%s", text, elapsed(after), noun, connection, callerID(caller))
}

// StatementExpired is the error of a statement whose deadline passed before it began. spec: T-51
func StatementExpired(caller string) *Error {
	return New(Canceled, "(errno 3024) (sqlstate HY000): Query execution was interrupted, maximum statement execution time exceeded before execution started"+callerID(caller))
}

// Reasons for the end of a transaction. spec: T-55
const (
	EndedTimeout      = "exceeded timeout: "
	EndedRollback     = "transaction rolled back"
	EndedCommit       = "transaction committed"
	EndedConnection   = "unlocked closed connection"
	EndedKillAll      = "kill all"
	EndedKillNonTx    = "kill non-tx"
	EndedPoolClosed   = "pool closed"
	InUseForQuery     = "for query"
	InUseForTxKiller  = "in use: for tx killer rollback"
	endedTimeFormat   = "2006-01-02 15:04:05.000 MST"
	transactionPrefix = "transaction "
)

// TransactionEnded is the error of a statement in a transaction that is over; at is the wall
// clock of the tablet's host. spec: T-55
func TransactionEnded(id int64, at time.Time, reason, caller string) *Error {
	return Errorf(Aborted, transactionPrefix+"%d: ended at %s (%s)%s", id, at.Format(endedTimeFormat), reason, callerID(caller))
}

// TransactionNotFound is the error for a transaction that nobody remembers. spec: T-55
func TransactionNotFound(id int64, caller string) *Error {
	return Errorf(Aborted, transactionPrefix+"%d: not found (potential transaction timeout)%s", id, callerID(caller))
}

// TransactionInUse is the error for a transaction that is busy. spec: T-55
func TransactionInUse(id int64, purpose, caller string) *Error {
	return Errorf(Aborted, transactionPrefix+"%d: in use: %s%s", id, purpose, callerID(caller))
}

// TxEngineState names the state of a transaction engine in its refusal.
type TxEngineState string

// The states that refuse a BEGIN. spec: T-56
const (
	TxEngineTransitioning TxEngineState = "Transitioning"
	TxEngineNotServing    TxEngineState = "NotServing"
)

// TxEngineRefused is the error of a BEGIN that slipped in before a demotion. spec: T-56
func TxEngineRefused(state TxEngineState) *Error {
	return Errorf(Unavailable, "tx engine can't accept new connections in state %s", state)
}

// ReadOnlyTablet refuses a read-write transaction on a replica. spec: T-57
func ReadOnlyTablet() *Error {
	return New(FailedPrecondition, "cannot start read write transaction on a read only tablet")
}

// ServerReadOnly is MySQL's refusal of a write (errno 1290); option is `--read-only` or
// `--super-read-only`, sql the statement if the text shall quote it. spec: T-58, T-59
func ServerReadOnly(option, caller, sql string) *Error {
	text := "The MySQL server is running with the " + option + " option so it cannot execute this statement (errno 1290) (sqlstate HY000)" + callerID(caller)
	if sql != "" {
		text += ": Sql: " + strconv.Quote(sql) + ", BindVars: {}"
	}
	return New(ClusterEvent, text)
}

// ConnectionLost is the error of a statement whose MySQL server died. spec: T-60
func ConnectionLost(caller, sql string) *Error {
	return Errorf(Canceled, "EOF (errno 2013) (sqlstate HY000)%s: Sql: %q, BindVars: {}", callerID(caller), sql)
}

// MySQLGone is the error of a statement that a MySQL server which shuts down has refused or
// ended; text is MySQL's own. spec: T-58
func MySQLGone(text, caller string) *Error { return New(Unavailable, text+callerID(caller)) }

// RuleRefused is the error of a statement that a query rule forbids; retry says that the gate
// may try again. spec: T-48
func RuleRefused(rule string, retry bool, caller string) *Error {
	code := InvalidArgument
	if retry {
		code = FailedPrecondition
	}
	return New(code, TextDisallowedByRule+": "+rule+callerID(caller))
}

// RuleTimedOut is the error of a statement that a buffering rule held for too long. spec: T-48
func RuleTimedOut(after time.Duration, rule, caller string) *Error {
	return New(FailedPrecondition, "buffer timeout after "+after.String()+" in rule: "+rule+callerID(caller))
}

// LockWaitTimeout is the error of a statement that waited too long for a row. spec: T-58
func LockWaitTimeout(caller string) *Error {
	return New(DeadlineExceeded, "Lock wait timeout exceeded; try restarting transaction (errno 1205) (sqlstate HY000)"+callerID(caller))
}

// HealthStreamOverflow closes a health stream whose reader is too slow. spec: T-71, D-5
func HealthStreamOverflow() *Error {
	return New(ResourceExhausted, "stream health buffer overflowed. client should reconnect for up-to-date status")
}

// TabletShutDown ends the health streams of a tablet that stops. spec: T-71, D-5
func TabletShutDown() *Error { return New(Unavailable, "tabletserver is shutdown") }

// Health errors. spec: T-14, T-76, tablet 7
const (
	HealthUninitialized   = "tabletserver uninitialized"
	HealthDemotionStalled = "VT09031: Primary demotion is stalled"
	HealthReplicationStop = "replication is not running"
	HealthNoHeartbeat     = "no heartbeat received in over 2x the heartbeat interval"
	HealthHeartbeatRead   = "failed to read most recent heartbeat: "
)

// DialRefused is the transport error of a call to a process that is not there. spec: T-91
func DialRefused(address string) *RPCError {
	return NewRPCError(Unavailable, `connection error: desc = "transport: Error while dialing: dial tcp `+address+`: connect: connection refused"`)
}

// StreamBroken is the transport error of a call whose process or connection died. spec: T-92
func StreamBroken() *RPCError { return NewRPCError(Unavailable, "error reading from server: EOF") }

// WaitPositionTimedOut is the error of a wait for a GTID set (without flavour) that took too
// long. spec: R-38
func WaitPositionTimedOut(set string, b release.Behaviors) *Error {
	if b.WaitForExecutedGTIDSet {
		return New(DeadlineExceeded, "WaitSourcePos failed: timed out waiting for position "+set)
	}
	return New(Unknown, "timed out waiting for position "+set)
}
