package query

import (
	"time"

	"bufsim/model/topodata"
)

// The methods of the query service, as they are named on the network.
const (
	MethodExecute             = "query.Execute"
	MethodBegin               = "query.Begin"
	MethodBeginExecute        = "query.BeginExecute"
	MethodReserveExecute      = "query.ReserveExecute"
	MethodReserveBeginExecute = "query.ReserveBeginExecute"
	MethodStreamExecute       = "query.StreamExecute"
	MethodCommit              = "query.Commit"
	MethodRollback            = "query.Rollback"
	MethodRelease             = "query.Release"
	MethodStreamHealth        = "query.StreamHealth"
)

// ExecuteOptions are a session's wishes for its statements.
type ExecuteOptions struct {
	// ClientFoundRows takes transaction connections from the second pool (T-52).
	ClientFoundRows bool
	// DBA lifts the query and transaction timeouts (T-50).
	DBA bool
	// OLAP takes the transaction timeout of analytical sessions (T-54).
	OLAP bool
	// AuthoritativeTimeout replaces the tablet's own query timeout (T-50).
	AuthoritativeTimeout time.Duration
	// TransactionTimeout lowers the tablet's own transaction timeout (T-54).
	TransactionTimeout time.Duration
}

// ExecuteRequest is the request of Execute, BeginExecute, ReserveExecute,
// ReserveBeginExecute and StreamExecute; the method says which.
type ExecuteRequest struct {
	Target    Target
	Statement Statement
	// TransactionID and ReservedID bind the statement to an open transaction or reserved
	// connection of the tablet; zero means none.
	TransactionID int64
	ReservedID    int64
	// Settings are replayed on the connection that ReserveExecute reserves.
	Settings []string
	Options  ExecuteOptions
	// CallerID is the user as the tablet's errors name him, without effect otherwise.
	CallerID string
	// RequestID ties the tablet's trace events to the gate's request.
	RequestID string
}

// ExecuteResponse answers an ExecuteRequest. TransactionID, ReservedID and Alias are set by
// the methods that open something, also when the call has an error besides: then the
// transaction or connection is open although its first statement failed.
type ExecuteResponse struct {
	Result        Result
	TransactionID int64
	ReservedID    int64
	Alias         topodata.TabletAlias
}

// BeginRequest is the request of Begin.
type BeginRequest struct {
	Target    Target
	Options   ExecuteOptions
	CallerID  string
	RequestID string
}

// BeginResponse answers a BeginRequest.
type BeginResponse struct {
	TransactionID int64
	Alias         topodata.TabletAlias
}

// CommitRequest is the request of Commit, and of Rollback.
type CommitRequest struct {
	Target        Target
	TransactionID int64
	CallerID      string
	RequestID     string
}

// CommitResponse answers a CommitRequest. ReservedID is the new id of the reserved
// connection that the transaction ran on, zero if it ran on none.
type CommitResponse struct {
	ReservedID int64
}

// ReleaseRequest is the request of Release: it gives back a reserved connection and rolls
// back a transaction on it.
type ReleaseRequest struct {
	Target        Target
	TransactionID int64
	ReservedID    int64
	CallerID      string
	RequestID     string
}

// ReleaseResponse answers a ReleaseRequest.
type ReleaseResponse struct{}

// Result is what a statement returned.
type Result struct {
	RowsAffected int64
	RowsReturned int64
	// Value is what a SELECT by key found there, for the checkers; zero if nothing.
	Value int64
	// GTID is the transaction that an autocommit write became on the MySQL server, in text
	// form, for the checkers; a client does not see it.
	GTID string
}
