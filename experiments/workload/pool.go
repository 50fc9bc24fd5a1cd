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
	idle   []*Conn
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
		p.idle = append(p.idle, c)
	}
	return nil
}

func (p *connPool) close() {
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// borrow takes the connection that was idle longest, or opens one. At the limit
// it waits for one to come back.
func (p *connPool) borrow() (*Conn, error) {
	c := p.take()
	if c == nil {
		return p.connect()
	}
	if c.uses >= p.limits.Uses {
		fresh, err := p.connect()
		if err == nil {
			c.Close()
		}
		return fresh, err
	}
	if p.ping && c.Ping() != nil {
		c.Close()
		return p.connect()
	}
	return c, nil
}

// take reserves a place and returns an idle connection, or nil if one must be opened.
func (p *connPool) take() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) == 0 && p.out >= p.limits.Connections && p.limits.Waits {
		p.freed.Wait()
	}
	p.out++
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[0]
	p.idle = p.idle[1:]
	return c
}

func (p *connPool) connect() (*Conn, error) {
	c, err := p.driver.Connect(0)
	if err != nil {
		p.mu.Lock()
		p.out--
		p.freed.Signal()
		p.mu.Unlock()
	}
	return c, err
}

// giveBack returns a connection; nothing is rolled back or committed.
func (p *connPool) giveBack(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out--
	if len(p.idle) < p.limits.IdleMax {
		p.idle = append(p.idle, c)
	} else {
		c.Close()
	}
	p.freed.Signal()
}
