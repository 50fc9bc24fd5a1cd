package workload

import (
	"fmt"
	"time"

	"bufsim/model/query"
	"bufsim/sim"
)

// OnError is what a closed-loop client does when a statement fails.
type OnError string

// The policies.
const (
	// Exit ends the client.
	Exit OnError = "exit"
	// Retry reconnects, waits and sends the same statement again, up to a number
	// of times; then the client ends.
	Retry OnError = "retry"
	// Fast reconnects, waits and goes on with the next statement.
	Fast OnError = "fast"
	// Keep waits and goes on with the next statement on the same connection.
	Keep OnError = "keep"
)

// Closed is a group of closed-loop clients: each has a connection of its own in
// autocommit mode and waits for each answer.
type Closed struct {
	Name    string
	Clients int
	Think   sim.Dist
	Mix     Mix
	// Transaction has each round be a transaction instead of one statement of the mix.
	Transaction *Transaction
	// SQL is the one statement to send instead of the mix.
	SQL string
	// AtOnce has the clients begin with a statement instead of a pause.
	AtOnce bool
	// Kind names the statements in the journal; "" lets their verbs do it.
	Kind string
	// OnConnect are statements that each new connection runs first.
	OnConnect   []string
	OnError     OnError
	RetryWait   time.Duration
	RetryCount  int // 0 is no limit
	ReadTimeout time.Duration
}

// source makes the client's statements.
func (c Closed) source(rand *sim.Rand, client int) *statements {
	s := newStatements(c.Mix, rand, client)
	if c.SQL != "" {
		fixed := query.Parse(c.SQL)
		s.fixed = &fixed
	}
	return s
}

// Start starts the clients and returns. After the event until they begin no new
// statement; a statement under way is brought to its end, retries included.
func (c Closed) Start(env *sim.Env, drivers []*Driver, until *sim.Event, j *Journal) {
	for i := range c.Clients {
		name := fmt.Sprintf("%s-%d", c.Name, i+1)
		rand := env.Rand("workload/" + name)
		k := &closedClient{Closed: c, env: env, driver: drivers[i%len(drivers)], until: until, j: j, rand: rand, id: j.enter(c.Name, name)}
		k.stmts = c.source(rand, k.id)
		env.Go("client/"+name, k.run)
	}
}

type closedClient struct {
	Closed
	env    *sim.Env
	driver *Driver
	until  *sim.Event
	j      *Journal
	rand   *sim.Rand
	stmts  *statements
	id     int
	conn   *Conn
}

func (k *closedClient) run() {
	gaveUp := k.AtOnce && !k.statement()
	// A first pause, so that the clients do not march in step.
	for !gaveUp && k.think() {
		gaveUp = !k.statement()
	}
	k.disconnect()
	k.j.leave(k.id, gaveUp)
}

// think pauses; it reports false when the workload is over.
func (k *closedClient) think() bool {
	pause := k.Think.Draw(k.rand)
	if pause == 0 { // both would be ready at the end
		return !k.until.IsSet()
	}
	return k.env.Select(k.env.After(pause), sim.OnEvent(k.until)) == 0
}

// statement runs one round to its final outcome; false means that the client gives up.
func (k *closedClient) statement() bool {
	var err error
	if k.Transaction != nil {
		err = k.transaction()
	} else {
		err = k.single(k.stmts.next(), k.Kind)
	}
	switch {
	case err == nil:
		return true
	case k.OnError == Fast, k.OnError == Keep:
		k.env.Sleep(k.RetryWait)
		return true
	default:
		return false
	}
}

// single runs one statement to its final outcome, which is that of the last try.
func (k *closedClient) single(stmt query.Statement, kind string) error {
	r := k.j.begin(k.id, stmt.Verb, k.env.Now())
	r.Kind = kind
	err := k.try(&r, stmt)
	for n := 1; err != nil && k.OnError == Retry && (k.RetryCount == 0 || n <= k.RetryCount); n++ {
		k.env.Sleep(k.RetryWait)
		r.Waited += k.RetryWait
		err = k.try(&r, stmt)
	}
	k.j.finish(&r, err)
	return err
}

// try sends the statement once; after an error the connection is given up, unless it shall
// be kept and can be.
func (k *closedClient) try(r *Record, stmt query.Statement) error {
	err := k.connect()
	if err != nil {
		r.Kind = KindConnect
	} else {
		_, err = k.conn.Query(stmt)
		k.j.executed(r, err)
	}
	if err != nil {
		k.j.see(r, err)
		if k.OnError != Keep || k.conn == nil || k.conn.Dead() {
			k.disconnect()
		}
	}
	return err
}

// connect makes sure that there is a connection; a new one runs the first statements.
func (k *closedClient) connect() (err error) {
	if k.conn != nil {
		return nil
	}
	if k.conn, err = k.driver.Connect(k.ReadTimeout); err != nil {
		return err
	}
	for _, sql := range k.OnConnect {
		_, err = k.conn.Query(query.Parse(sql))
		if k.j.executed(nil, err); err != nil {
			k.disconnect()
			return err
		}
	}
	return nil
}

func (k *closedClient) disconnect() {
	if k.conn != nil {
		k.conn.Close()
		k.conn = nil
	}
}
