package tablet

import (
	"errors"
	"time"

	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// The errors of a pool.
var (
	errPoolTimeout = errors.New("pool timeout")
	errPoolClosed  = errors.New("pool is closed")
)

// connPool is a pool of MySQL connections of bounded size. A wait goes on across a closing
// and reopening; connections are made when needed.
// spec: T-52
type connPool struct {
	env     *sim.Env
	mysql   *mysqld.Client
	permits *sim.Semaphore
	// timeout bounds the wait for a connection; 0 leaves it to the caller's context.
	timeout time.Duration

	mu     *sim.Mutex
	opened bool
	free   []*mysqld.Conn
}

func newConnPool(env *sim.Env, mysql *mysqld.Client, name string, size int, timeout time.Duration) *connPool {
	return &connPool{env: env, mysql: mysql, permits: env.NewSemaphore(name, max(size, 1)), timeout: timeout, mu: env.NewMutex(name)}
}

// get takes a connection, waiting for one. Errors: errPoolTimeout, ctx's error,
// errPoolClosed, mysqld.ErrRefused.
func (p *connPool) get(ctx *sim.Context) (*mysqld.Conn, error) {
	if !p.permits.TryAcquire() {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
	}
	conn, err := p.take()
	if err != nil {
		p.permits.Release()
	}
	return conn, err
}

func (p *connPool) wait(ctx *sim.Context) error {
	if p.timeout <= 0 {
		return p.permits.Acquire(ctx)
	}
	limited, cancel := p.env.WithTimeout(ctx, p.timeout)
	defer cancel()
	if err := p.permits.Acquire(limited); err != nil {
		if own := ctx.Err(); own != nil {
			return own
		}
		return errPoolTimeout
	}
	return nil
}

// take gives an idle connection that still lives, or a new one.
func (p *connPool) take() (*mysqld.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.opened {
		return nil, errPoolClosed
	}
	for len(p.free) > 0 {
		last := len(p.free) - 1
		conn := p.free[last]
		p.free = p.free[:last]
		if conn.Err() == nil {
			return conn, nil
		}
	}
	return p.mysql.Connect(false)
}

// put gives a connection back.
func (p *connPool) put(conn *mysqld.Conn) {
	p.mu.Lock()
	keep := p.opened && conn.Err() == nil
	if keep {
		p.free = append(p.free, conn)
	}
	p.mu.Unlock()
	if !keep {
		conn.Close()
	}
	p.permits.Release()
}

func (p *connPool) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = true
}

// close closes the idle connections; others are closed when they come back.
func (p *connPool) close() {
	p.mu.Lock()
	idle := p.free
	p.opened, p.free = false, nil
	p.mu.Unlock()
	for _, conn := range idle {
		conn.Close()
	}
}
