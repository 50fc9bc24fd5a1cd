package workload

import (
	"bufsim/experiments/workload/gateslap"
	"bufsim/sim"
)

// connPool is the connection pool of DBUtils that gateslap's pooled workers
// share: a FIFO of idle connections, a limit, a ping when a connection is
// fetched, and a replacement after a number of uses. spec: W-22, W-23
type connPool struct {
	driver *Driver
	limits gateslap.PoolLimits
	ping   bool
	mu     *sim.Mutex
	freed  *sim.Cond
	idle   []*steadyConn
	out    int
}

func newConnPool(env *sim.Env, d *Driver, cfg gateslap.Pool) *connPool {
	mu := env.NewMutex("pool.mu")
	return &connPool{
		driver: d, limits: cfg.Limits(), ping: cfg.Ping.Has(gateslap.PingAtFetch),
		mu: mu, freed: env.NewCond("pool.freed", mu),
	}
}

// open makes the idle connections that the pool starts with.
func (p *connPool) open() error {
	for range p.limits.IdleAtStart {
		c, err := p.driver.Connect(0)
		if err != nil {
			return err
		}
		p.idle = append(p.idle, &steadyConn{Conn: c})
	}
	return nil
}

func (p *connPool) close() {
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// borrow takes the connection that was idle longest, or opens one. At the limit it
// waits for one to come back, or fails with errTooManyConnections. A connection
// that does not answer the ping is replaced if that succeeds, one that is worn out
// must be; the error is then that of the connect.
func (p *connPool) borrow() (*steadyConn, error) {
	c, err := p.take()
	if err != nil {
		return nil, err
	}
	switch {
	case c == nil:
		c = &steadyConn{}
		err = c.renew(p.driver)
	case p.ping && c.Ping() != nil:
		_ = c.renew(p.driver) // if it fails, the statement will show why
	}
	if err == nil && c.uses >= p.limits.Uses {
		err = c.renew(p.driver)
	}
	if err != nil {
		p.giveBack(c)
		return nil, err
	}
	return c, nil
}

// take reserves a place and returns an idle connection, or nil if one must be opened.
func (p *connPool) take() (*steadyConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.out >= p.limits.Connections {
		if !p.limits.Waits {
			return nil, &uncaughtError{errTooManyConnections}
		}
		p.freed.Wait()
	}
	p.out++
	if len(p.idle) == 0 {
		return nil, nil
	}
	c := p.idle[0]
	p.idle = p.idle[1:]
	return c, nil
}

// giveBack returns a connection; nothing is rolled back or committed. One that
// could not be opened gives back its place only.
func (p *connPool) giveBack(c *steadyConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	switch {
	case c.Conn == nil:
	case len(p.idle) < p.limits.IdleMax:
		p.idle = append(p.idle, c)
	default:
		c.Close()
	}
	p.freed.Signal()
}
