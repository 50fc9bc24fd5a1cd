package workload

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/vterr"
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

// Start starts the clients and returns; until ends them at its event.
func (c Closed) Start(env *sim.Env, drivers []*Driver, until *sim.Event, j *Journal) {
	for i := range c.Clients {
		name := fmt.Sprintf("%s-%d", c.Name, i+1)
		rand := env.Rand("workload/" + name)
		k := &closedClient{Closed: c, env: env, driver: drivers[i%len(drivers)], until: until, j: j, rand: rand, id: j.enter(name)}
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
	for k.think() && !gaveUp {
		gaveUp = !k.statement()
	}
	if k.conn != nil {
		k.conn.Close()
	}
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
	r := Record{Client: k.id, Verb: stmt.Verb, Start: k.env.Now()}
	var err error
	for try := 1; ; try++ {
		if err = k.connected(); err == nil {
			_, err = k.conn.Query(stmt)
			r.Executions++
			k.j.executed(err)
		}
		if err == nil || !k.failed(&r, err) || k.RetryCount > 0 && try > k.RetryCount {
			break
		}
	}
	r.Failed = err != nil
	r.End = k.env.Now()
	if r.Failed && k.OnError == Fast {
		r.End -= sim.Time(k.RetryWait) // the pause follows the outcome
		r.Waited = 0
	}
	k.j.Records = append(k.j.Records, r)
	return err == nil || k.OnError == Fast
}

// failed notes an error, waits as the policy says, and reports whether the same
// statement is tried again.
func (k *closedClient) failed(r *Record, err error) bool {
	var own *vterr.MySQLError
	if r.First == nil && errors.As(err, &own) {
		r.First = own
	}
	if k.OnError == Exit {
		return false
	}
	if k.conn != nil {
		k.conn.Close()
		k.conn = nil
	}
	r.Waited += k.RetryWait
	k.env.Sleep(k.RetryWait)
	return k.OnError == Retry && !k.until.IsSet()
}

func (k *closedClient) connected() (err error) {
	if k.conn == nil {
		k.conn, err = k.driver.Connect(k.ReadTimeout)
	}
	return err
}
