package gate

import (
	"maps"
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// mysqlServer is the MySQL endpoint: connections and their commands. As it reads no packet
// while a statement runs, it learns only afterwards that a client left. spec: G-79b, W-25
type mysqlServer struct {
	g        *Gate
	mu       *sim.Mutex
	sessions map[int64]*session
	// byConn has the sessions of each connection of the network.
	byConn map[uint64][]*session
	lastID int64
	busy   int
	// ending: connections outside a transaction are closed at their next command. spec: G-86
	ending bool
}

func newMySQLServer(g *Gate) *mysqlServer {
	return &mysqlServer{g: g, mu: g.env.NewMutex("mysql"), sessions: map[int64]*session{}, byConn: map[uint64][]*session{}}
}

// listen opens the endpoint. spec: G-84
func (m *mysqlServer) listen() {
	node := m.g.node
	node.HandleDetached(query.MethodConnect, m.connect)
	node.HandleDetached(query.MethodComQuery, m.query)
	node.HandleDetached(query.MethodComPing, m.ping)
	node.HandleDetached(query.MethodComQuit, m.quit)
	node.OnConnClosed(m.connClosed)
	node.Listen()
}

// connect opens a session.
func (m *mysqlServer) connect(ctx *sim.Context, req any) (any, error) {
	hello := req.(*query.ConnectRequest)
	db, err := parseDatabase(hello.Database)
	if err != nil {
		return nil, mysqlError(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ending {
		return nil, vterr.ServerShutdown()
	}
	m.lastID++
	s := newSession(m.g.env, m.lastID, simnet.ConnID(ctx), hello.User, db)
	m.sessions[s.id] = s
	m.byConn[s.conn] = append(m.byConn[s.conn], s)
	return &query.ConnectResponse{ConnectionID: m.lastID, HandshakeAutocommit: m.g.behaviors.HandshakeAutocommit}, nil
}

// query runs one statement.
func (m *mysqlServer) query(ctx *sim.Context, req any) (any, error) {
	command := req.(*query.ComQuery)
	s, err := m.begin(command.ConnectionID)
	if err != nil {
		return nil, err
	}
	defer m.end(s)
	result, err := m.g.run(ctx, s, command.Statement)
	if err != nil {
		return nil, mysqlError(err)
	}
	return &query.ComQueryResponse{Result: result}, nil
}

func (m *mysqlServer) ping(_ *sim.Context, req any) (any, error) {
	s, err := m.begin(req.(*query.ComPing).ConnectionID)
	if err != nil {
		return nil, err
	}
	m.end(s)
	return nil, nil
}

func (m *mysqlServer) quit(_ *sim.Context, req any) (any, error) {
	if s := m.take(req.(*query.ComQuit).ConnectionID); s != nil {
		m.g.endSession(s)
	}
	return nil, nil
}

// begin starts a command: commands of one connection run one after the other.
func (m *mysqlServer) begin(id int64) (*session, error) {
	m.mu.Lock()
	s := m.sessions[id]
	if s == nil {
		m.mu.Unlock()
		return nil, &vterr.MySQLError{Num: 2013, State: vterr.SSUnknown, Text: "Lost connection to MySQL server during query"}
	}
	m.mu.Unlock()
	s.mu.Lock()
	m.mu.Lock()
	refuse := s.ended || m.ending && !s.inTransaction
	if !refuse {
		m.busy++
	}
	m.mu.Unlock()
	if refuse {
		s.mu.Unlock()
		if m.take(id) != nil {
			m.g.endSession(s)
		}
		return nil, vterr.ServerShutdown()
	}
	return s, nil
}

// end is the end of a command.
func (m *mysqlServer) end(s *session) {
	s.mu.Unlock()
	m.mu.Lock()
	m.busy--
	m.mu.Unlock()
}

// connClosed ends the sessions of a connection, each after the statement that runs on it.
func (m *mysqlServer) connClosed(conn uint64) {
	m.mu.Lock()
	list := slices.Clone(m.byConn[conn])
	m.mu.Unlock()
	for _, s := range list {
		if m.take(s.id) != nil {
			m.g.endSession(s)
		}
	}
}

// take removes a session from the tables and gives it to whoever will end it; nil if somebody
// else has it already.
func (m *mysqlServer) take(id int64) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil {
		return nil
	}
	delete(m.sessions, id)
	m.byConn[s.conn] = slices.DeleteFunc(m.byConn[s.conn], func(other *session) bool { return other == s })
	if len(m.byConn[s.conn]) == 0 {
		delete(m.byConn, s.conn)
	}
	return s
}

// The paces at which a stopping gate looks whether its clients are done. spec: G-86
const (
	busyPoll  = time.Millisecond
	drainPoll = time.Second
)

// term is the endpoint's part after SIGTERM: no new connections; then it waits until no
// command is running or, with drain, until all clients have left. spec: G-86
func (m *mysqlServer) term(limit time.Duration, drain bool) {
	m.g.node.StopListening()
	until, poll := m.g.env.Now().Add(limit), busyPoll
	if drain {
		poll = drainPoll
	}
	m.mu.Lock()
	m.ending = !drain
	m.mu.Unlock()
	for m.occupied(drain) && m.g.env.Now() < until {
		m.g.env.Sleep(poll)
	}
}

func (m *mysqlServer) occupied(drain bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.busy > 0 || drain && len(m.sessions) > 0
}

// close ends all sessions, which rolls their transactions back, within a limit. spec: G-87
func (m *mysqlServer) close(limit time.Duration) {
	closed := m.g.env.NewEvent("sessions-closed")
	group := m.g.env.NewWaitGroup("sessions")
	m.mu.Lock()
	ids := slices.Sorted(maps.Keys(m.sessions))
	m.mu.Unlock()
	for _, id := range ids {
		if s := m.take(id); s != nil {
			group.Go("end-session", func() { m.g.endSession(s) })
		}
	}
	m.g.env.GoDaemon("sessions", func() {
		group.Wait()
		closed.Set()
	})
	m.g.env.Select(sim.OnEvent(closed), m.g.env.After(limit))
}

// mysqlError is what the client gets for an error. spec: G-78
func mysqlError(err error) *vterr.MySQLError {
	num, state, text := vterr.SQLError(err)
	return &vterr.MySQLError{Num: num, State: state, Text: text}
}
