package mysqld

import "errors"

// The errors of a server. Callers compare them with errors.Is and word them for clients.
var (
	// ErrRefused: no process listens (errno 2002).
	ErrRefused = errors.New("can't connect to local MySQL server through socket (errno 2002) (sqlstate HY000)")
	// ErrGone: the process died while a call was under way (errno 2013).
	ErrGone = errors.New("EOF (errno 2013) (sqlstate HY000)")
	// ErrKilled: somebody killed the connection.
	ErrKilled = errors.New("connection was killed (errno 2013) (sqlstate HY000)")
	// ErrShutdown: the server ends in an orderly way (errno 1053). spec: T-58, T-119
	ErrShutdown = errors.New("Server shutdown in progress (errno 1053) (sqlstate 08S01)")
	// ErrReadOnly: read_only or super_read_only forbids the write. spec: T-58, T-123
	//lint:ignore ST1005 MySQL's text
	ErrReadOnly = errors.New("The MySQL server is running with the --super-read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000)")
	// ErrNotReplica: the server has no source. spec: T-104, R-102a
	ErrNotReplica = errors.New("no replication status (errno 100) (sqlstate HY000)")
	// ErrReplicationRunning: a change needs stopped threads.
	ErrReplicationRunning = errors.New("this operation cannot be performed with a running replica io thread (errno 3021) (sqlstate HY000)")
	// ErrWaitTimeout: a wait for a GTID set took too long. spec: T-111
	ErrWaitTimeout = errors.New("timed out waiting for position")
	// ErrWaitNull: the old wait function found no running applier. spec: T-111
	ErrWaitNull = errors.New("replication is probably stopped")
)
