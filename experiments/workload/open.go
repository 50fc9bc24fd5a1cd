package workload

import (
	"time"

	"bufsim/model/query"
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

// Start starts the arrivals and returns. After the event until there are no more
// arrivals; requests that have arrived are brought to their end.
func (o Open) Start(env *sim.Env, drivers []*Driver, until *sim.Event, j *Journal) {
	rand := env.Rand("workload/" + o.Name)
	k := &openLoop{Open: o, env: env, drivers: drivers, until: until, j: j, rand: rand, id: j.enter(o.Name, o.Name)}
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
	places  *sim.Semaphore // as many as there may be connections
	mu      *sim.Mutex     // guards what follows
	idle    []*Conn
	opened  int
}

func (k *openLoop) run() {
	inFlight := k.env.NewWaitGroup("open.in-flight")
	name := "request/" + k.Name
	at := k.env.Now()
	for {
		at = at.Add(k.Gap.Draw(k.rand))
		if k.env.Select(sim.At(at), sim.OnEvent(k.until)) != 0 {
			break
		}
		stmt := k.stmts.next()
		r := k.j.begin(k.id, stmt.Verb, at)
		inFlight.Go(name, func() { k.request(r, stmt) })
	}
	inFlight.Wait()
	for _, c := range k.idle {
		c.Close()
	}
	k.j.leave(k.id, false)
}

func (k *openLoop) request(r Record, stmt query.Statement) {
	k.places.Acquire(nil)
	defer k.places.Release()
	c, err := k.take()
	if err == nil {
		_, err = c.Query(stmt)
		k.j.executed(&r, err)
		k.giveBack(c)
	}
	k.j.see(&r, err)
	k.j.finish(&r, err)
}

// take returns the connection that was used last, or opens one at the next gate.
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

// giveBack keeps a connection unless it is broken: an error of a statement is none
// of the connection. spec: W-45
func (k *openLoop) giveBack(c *Conn) {
	if c.Dead() {
		c.Close()
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.idle = append(k.idle, c)
}
