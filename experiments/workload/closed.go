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
)

// Closed is a group of closed-loop clients: each has a connection of its own in
// autocommit mode and waits for each answer.
type Closed struct {
	Name        string
	Clients     int
	Think       sim.Dist
	Mix         Mix
	OnError     OnError
	RetryWait   time.Duration
	RetryCount  int // 0 is no limit
	ReadTimeout time.Duration
}

// Start starts the clients and returns. After the event until they begin no new
// statement; a statement under way is brought to its end, retries included.
func (c Closed) Start(env *sim.Env, drivers []*Driver, until *sim.Event, j *Journal) {
	for i := range c.Clients {
		name := fmt.Sprintf("%s-%d", c.Name, i+1)
		rand := env.Rand("workload/" + name)
		k := &closedClient{Closed: c, env: env, driver: drivers[i%len(drivers)], until: until, j: j, rand: rand, id: j.enter(c.Name, name)}
		k.stmts = newStatements(c.Mix, rand, k.id)
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
	gaveUp := false
	// A first pause, so that the clients do not march in step.
	for !gaveUp && k.think() {
		gaveUp = !k.statement()
	}
	k.disconnect()
	k.j.leave(k.id, gaveUp)
}

// think pauses; it reports false when the workload is over.
func (k *closedClient) think() bool {
	return k.env.Select(k.env.After(k.Think.Draw(k.rand)), sim.OnEvent(k.until)) == 0
}

// statement runs one statement to its final outcome; false means that the client
// gives up.
func (k *closedClient) statement() bool {
	stmt := k.stmts.next()
	r := k.j.begin(k.id, stmt.Verb, k.env.Now())
	err := k.try(&r, stmt)
	for n := 1; err != nil && k.OnError == Retry && (k.RetryCount == 0 || n <= k.RetryCount); n++ {
		k.env.Sleep(k.RetryWait)
		r.Waited += k.RetryWait
		err = k.try(&r, stmt)
	}
	k.j.finish(&r, err)
	if err != nil && k.OnError == Fast {
		k.env.Sleep(k.RetryWait)
		return true
	}
	return err == nil
}

// try sends the statement once; after an error the connection is given up.
func (k *closedClient) try(r *Record, stmt query.Statement) (err error) {
	if k.conn == nil {
		k.conn, err = k.driver.Connect(k.ReadTimeout)
	}
	if err == nil {
		_, err = k.conn.Query(stmt)
		k.j.executed(r, err)
	}
	if err != nil {
		r.see(err)
		k.disconnect()
	}
	return err
}

func (k *closedClient) disconnect() {
	if k.conn != nil {
		k.conn.Close()
		k.conn = nil
	}
}
