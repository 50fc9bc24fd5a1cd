package workload

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Open is an open loop: requests arrive at a rate, whatever happened to earlier
// ones. A request takes an idle connection or opens one; beyond Connections it
// waits for one, and its latency counts from its arrival.
type Open struct {
	Name string
	// Gap is the distribution of the time between two arrivals.
	Gap         sim.Dist
	Connections int // 0 is no limit
	Mix         Mix
	ReadTimeout time.Duration
}

// Start starts the arrivals and returns; until ends them at its event.
func (o Open) Start(env *sim.Env, drivers []*Driver, until *sim.Event, j *Journal) {
	rand := env.Rand("workload/" + o.Name)
	k := &openLoop{Open: o, env: env, drivers: drivers, until: until, j: j, rand: rand, id: j.enter(o.Name)}
	k.stmts = newStatements(o.Mix, rand, k.id)
	k.mu = env.NewMutex("open.mu")
	limit := o.Connections
	if limit == 0 {
		limit = unlimitedConnections
	}
	k.places = env.NewSemaphore("open.connections", limit)
	env.Go("client/"+o.Name, k.run)
}

// unlimitedConnections stands for no limit: more than any run reaches.
const unlimitedConnections = 1 << 30

type openLoop struct {
	Open
	env     *sim.Env
	drivers []*Driver
	until   *sim.Event
	j       *Journal
	rand    *sim.Rand
	stmts   *statements
	id      int
	places  *sim.Semaphore
	mu      *sim.Mutex
	idle    []*Conn
	opened  int
}

func (k *openLoop) run() {
	inFlight := k.env.NewWaitGroup("open.in-flight")
	at := k.env.Now()
	for {
		at = at.Add(k.Gap.Draw(k.rand))
		if k.env.Select(sim.At(at), sim.OnEvent(k.until)) != 0 {
			break
		}
		stmt := k.stmts.next()
		arrival := at
		inFlight.Go(fmt.Sprintf("request/%s", k.Name), func() { k.request(stmt, arrival) })
	}
	inFlight.Wait()
	for _, c := range k.idle {
		c.Close()
	}
	k.j.leave(k.id, false)
}

func (k *openLoop) request(stmt query.Statement, arrival sim.Time) {
	if k.places.Acquire(nil) != nil {
		return
	}
	defer k.places.Release()
	r := Record{Client: k.id, Verb: stmt.Verb, Start: arrival}
	c, err := k.take()
	if err == nil {
		_, err = c.Query(stmt)
		r.Executions = 1
		k.j.executed(err)
		k.giveBack(c, err)
	}
	r.End = k.env.Now()
	r.Failed = err != nil
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		r.First = own
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.j.Records = append(k.j.Records, r)
}

func (k *openLoop) take() (*Conn, error) {
	k.mu.Lock()
	if n := len(k.idle); n > 0 {
		c := k.idle[n-1]
		k.idle = k.idle[:n-1]
		k.mu.Unlock()
		return c, nil
	}
	d := k.drivers[k.opened%len(k.drivers)]
	k.opened++
	k.mu.Unlock()
	return d.Connect(k.ReadTimeout)
}

// giveBack keeps a connection unless it is broken. spec: W-45
func (k *openLoop) giveBack(c *Conn, err error) {
	if n := numberOf(err); n == crServerGone || n == crServerLost || n == crConnHostError {
		c.Close()
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.idle = append(k.idle, c)
}
