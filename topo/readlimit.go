package topo

import "bufsim/sim"

// limitedConn is a connection with a limit on the reads in flight; further reads
// queue. Writes, locks and watches pass. Every connection is wrapped so.
// spec: O-11
type limitedConn struct {
	Conn
	reads *sim.Semaphore
}

func limitReads(env *sim.Env, conn Conn, concurrency int) Conn {
	return &limitedConn{Conn: conn, reads: env.NewSemaphore("reads", concurrency)}
}

// acquire takes a permit; the error is that of ctx, as it is.
func (c *limitedConn) acquire(ctx *sim.Context) error { return c.reads.Acquire(ctx) }

// ListDir implements [Conn].
func (c *limitedConn) ListDir(ctx *sim.Context, dir string, full bool) ([]DirEntry, error) {
	if err := c.acquire(ctx); err != nil {
		return nil, err
	}
	defer c.reads.Release()
	return c.Conn.ListDir(ctx, dir, full)
}

// Get implements [Conn].
func (c *limitedConn) Get(ctx *sim.Context, path string) (any, Version, error) {
	if err := c.acquire(ctx); err != nil {
		return nil, AnyVersion, err
	}
	defer c.reads.Release()
	return c.Conn.Get(ctx, path)
}

// List implements [Conn].
func (c *limitedConn) List(ctx *sim.Context, prefix string) ([]KeyValue, error) {
	if err := c.acquire(ctx); err != nil {
		return nil, err
	}
	defer c.reads.Release()
	return c.Conn.List(ctx, prefix)
}
