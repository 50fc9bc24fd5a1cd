package workload

import (
	"context"
	"errors"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Driver opens MySQL connections from one client host to one gate.
type Driver struct {
	env  *sim.Env
	node *simnet.Node
	gate string
	// user and database are what the client sends in the handshake.
	user, database string
	// implicitTransactions: the library turns autocommit off if the handshake
	// shows that it is on, as PyMySQL does.
	// spec: W-30
	implicitTransactions bool
}

// NewDriver returns a driver that connects to the gate of that host name.
func NewDriver(env *sim.Env, node *simnet.Node, gate, user, database string) *Driver {
	return &Driver{env: env, node: node, gate: gate, user: user, database: database}
}

// connectTimeout is PyMySQL's default. spec: W-20
const connectTimeout = 10 * time.Second

// The errors that client libraries make themselves. spec: W-25
const (
	crConnHostError = 2003
	crServerGone    = 2006
	crServerLost    = 2013
)

// Conn is one open MySQL connection. It is used by one proc at a time.
type Conn struct {
	driver *Driver
	net    *simnet.Conn
	id     int64
	// readTimeout bounds each wait for an answer; 0 waits for ever.
	readTimeout time.Duration
	// uses counts successful statements; pools replace connections by it.
	uses int
}

// Connect opens a connection. The error, if any, is a *vterr.MySQLError with
// number 2003 or 2013, or the gate's own.
func (d *Driver) Connect(readTimeout time.Duration) (*Conn, error) {
	c := &Conn{driver: d, net: d.node.Dial(d.gate, simnet.DialOptions{}), readTimeout: readTimeout}
	ctx, cancel := d.env.WithTimeout(d.env.Background(), connectTimeout)
	defer cancel()
	resp, err := c.net.Call(ctx, query.MethodConnect, &query.ConnectRequest{User: d.user, Database: d.database})
	if err != nil {
		c.net.Close()
		return nil, d.connectError(err)
	}
	greeting := resp.(*query.ConnectResponse)
	c.id = greeting.ConnectionID
	if d.implicitTransactions && greeting.HandshakeAutocommit {
		if _, err := c.Query(query.Statement{Verb: query.VerbSet, SQL: "SET AUTOCOMMIT = 0"}); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

func (d *Driver) connectError(err error) error {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own
	}
	return clientError(crConnHostError, "Can't connect to MySQL server on '"+d.gate+"' ("+err.Error()+")")
}

func clientError(num int, text string) *vterr.MySQLError {
	return &vterr.MySQLError{Num: num, State: "HY000", Text: text}
}

// Query runs one statement and waits for its result. The error, if any, is a
// *vterr.MySQLError: the gate's answer, or 2013 or 2006 made here. After a time
// out the gate still works on the statement; the connection is of no more use.
func (c *Conn) Query(stmt query.Statement) (query.Result, error) {
	ctx, cancel := c.deadline()
	defer cancel()
	resp, err := c.net.Call(ctx, query.MethodComQuery, &query.ComQuery{ConnectionID: c.id, Statement: stmt})
	if err != nil {
		return query.Result{}, c.queryError(err)
	}
	c.uses++
	return resp.(*query.ComQueryResponse).Result, nil
}

// Ping asks the gate for a sign of life; the gate answers by itself.
func (c *Conn) Ping() error {
	ctx, cancel := c.deadline()
	defer cancel()
	_, err := c.net.Call(ctx, query.MethodComPing, &query.ComPing{ConnectionID: c.id})
	if err != nil {
		return c.queryError(err)
	}
	return nil
}

// Close ends the session.
func (c *Conn) Close() { c.net.Close() }

func (c *Conn) deadline() (*sim.Context, func()) {
	env := c.driver.env
	if c.readTimeout > 0 {
		return env.WithTimeout(env.Background(), c.readTimeout)
	}
	return env.Background(), func() {}
}

func (c *Conn) queryError(err error) error {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, context.DeadlineExceeded) {
		c.net.Close() // spec: W-25: the connection is unusable
		return clientError(crServerLost, "Lost connection to MySQL server during query (timed out)")
	}
	var transport *simnet.Error
	if errors.As(err, &transport) && transport.Kind == simnet.Closed {
		return clientError(crServerGone, "MySQL server has gone away ("+err.Error()+")")
	}
	return clientError(crServerLost, "Lost connection to MySQL server during query")
}

// numberOf returns the MySQL number of a driver's error.
func numberOf(err error) int {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own.Num
	}
	return 0
}

// operational reports whether PyMySQL raises an OperationalError or
// InternalError, the two classes that DBUtils and gateslap handle. spec: W-26
func operational(err error) bool {
	switch numberOf(err) {
	case 1062, 1048, 1216, 1217, 1451, 1452: // IntegrityError
		return false
	case 1064, 1146, 1149, 1007, 1008, 1049, 1054, 1109: // ProgrammingError
		return false
	}
	return true
}
