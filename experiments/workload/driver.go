package workload

import (
	"time"

	"bufsim/model/query"
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

// pyMySQL returns a driver to the same gate that behaves as PyMySQL does.
func (d *Driver) pyMySQL(user, database string) *Driver {
	return &Driver{env: d.env, node: d.node, gate: d.gate, user: user, database: database, implicitTransactions: true}
}

// connectTimeout is PyMySQL's default. spec: W-20
const connectTimeout = 10 * time.Second

// Conn is one open MySQL connection. It is used by one proc at a time.
type Conn struct {
	driver *Driver
	net    *simnet.Conn
	id     int64
	// readTimeout bounds each wait for an answer; 0 waits for ever.
	readTimeout time.Duration
	dead        bool
}

// Connect opens a connection; readTimeout bounds each wait for an answer on it, 0
// waits for ever. It blocks for ten seconds at most. The error, if any, is a
// *vterr.MySQLError with number 2003 or 2013, or the gate's own.
func (d *Driver) Connect(readTimeout time.Duration) (*Conn, error) {
	c := &Conn{driver: d, net: d.node.Dial(d.gate, simnet.DialOptions{Once: true}), readTimeout: readTimeout}
	if err := c.handshake(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) handshake() error {
	d := c.driver
	ctx, cancel := d.env.WithTimeout(d.env.Background(), connectTimeout)
	defer cancel()
	resp, err := c.net.Call(ctx, query.MethodConnect, &query.ConnectRequest{User: d.user, Database: d.database})
	if err != nil {
		return connectError(d.gate, err)
	}
	greeting := resp.(*query.ConnectResponse)
	c.id = greeting.ConnectionID
	if d.implicitTransactions && greeting.HandshakeAutocommit {
		_, err = c.Query(query.Statement{Verb: query.VerbSet, SQL: "SET AUTOCOMMIT = 0"})
	}
	return err
}

// Query runs one statement and waits for its result. The error, if any, is a
// *vterr.MySQLError: the gate's answer, or one of the library's own. After a time
// out the gate still works on the statement.
func (c *Conn) Query(stmt query.Statement) (query.Result, error) {
	resp, err := c.call(query.MethodComQuery, &query.ComQuery{ConnectionID: c.id, Statement: stmt})
	if err != nil {
		return query.Result{}, err
	}
	return resp.(*query.ComQueryResponse).Result, nil
}

// Ping asks the gate for a sign of life; the gate answers by itself.
func (c *Conn) Ping() error {
	_, err := c.call(query.MethodComPing, &query.ComPing{ConnectionID: c.id})
	return err
}

// call sends one command. An error that leaves the connection unusable closes it;
// later commands fail at once with the library's InterfaceError.
func (c *Conn) call(method string, command any) (any, error) {
	if c.dead {
		return nil, errInterface()
	}
	ctx, cancel := c.deadline()
	defer cancel()
	resp, err := c.net.Call(ctx, method, command)
	if err == nil {
		return resp, nil
	}
	own := queryError(err)
	if c.dead = breaks(own); c.dead {
		c.net.Close()
	}
	return nil, own
}

// Dead reports whether an error has made the connection unusable.
func (c *Conn) Dead() bool { return c.dead }

// Close ends the session. It may be called again.
func (c *Conn) Close() { c.net.Close() }

func (c *Conn) deadline() (*sim.Context, func()) {
	env := c.driver.env
	if c.readTimeout > 0 {
		return env.WithTimeout(env.Background(), c.readTimeout)
	}
	return env.Background(), func() {}
}
