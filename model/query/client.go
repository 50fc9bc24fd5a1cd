package query

// The methods of a gate's MySQL endpoint, as they are named on the network. One
// connection of the network carries one session. Failed statements come back as
// *vterr.MySQLError.
const (
	MethodConnect  = "mysql.Connect"
	MethodComQuery = "mysql.Query"
	MethodComPing  = "mysql.Ping"
	MethodComQuit  = "mysql.Quit"
)

// ConnectRequest opens a session: what the client sends in the handshake.
type ConnectRequest struct {
	User string
	// Database names the default keyspace and, after an @, the tablet type:
	// "commerce", "commerce@replica".
	Database string
}

// ConnectResponse greets the client.
type ConnectResponse struct {
	ConnectionID int64
	// HandshakeAutocommit is the autocommit status bit of the handshake packet:
	// drivers that want autocommit off send SET AUTOCOMMIT = 0 only if it is set.
	// spec: W-30
	HandshakeAutocommit bool
}

// ComQuery runs one statement in a session.
type ComQuery struct {
	ConnectionID int64
	Statement    Statement
}

// ComQueryResponse is the result of a statement.
type ComQueryResponse struct {
	Result Result
}

// ComPing asks whether the gate is there; the gate answers by itself.
type ComPing struct{ ConnectionID int64 }

// ComQuit ends a session; there is no answer to wait for.
type ComQuit struct{ ConnectionID int64 }
