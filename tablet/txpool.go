package tablet

import (
	"maps"
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// txPool is the stateful connections: open transactions, autocommit writes, reserved
// connections. Each has a number that clients name it by.
// spec: T-53, T-55
type txPool struct {
	t   *Tablet
	env *sim.Env
	// conns is for most; foundRows only for sessions with that option. spec: T-52
	conns, foundRows *connPool

	mu     *sim.Mutex
	lastID int64
	open   map[int64]*txConn
	// dooming is set when a drain's patience is over: what comes back is rolled back.
	dooming bool
	// closed is set when a drain is over: who waited for a connection gets none.
	closed bool
	empty  *sim.Event // there while somebody waits for open to become empty
	// ended remembers how the latest transactions ended; order is their sequence.
	ended map[int64]endedTx
	order []int64
}

// endedTx is the end of a transaction.
type endedTx struct {
	at     time.Time
	reason string
}

// endedMax is how many ended transactions are remembered.
const endedMax = 1000

// txConn is one stateful connection. It is in use while inUse is not empty; its fields are
// guarded by the pool's lock or belong to the user.
type txConn struct {
	id            int64
	conn          *mysqld.Conn
	from          *connPool
	inUse         string
	inTransaction bool
	reserved      bool
	expires       sim.Time
	timeout       time.Duration
}

func newTxPool(t *Tablet) *txPool {
	f, env := t.opts.Flags.VTTablet, t.env.Named("tx")
	return &txPool{
		t: t, env: env, mu: env.NewMutex("pool"), lastID: t.env.Wall(), open: map[int64]*txConn{}, ended: map[int64]endedTx{},
		conns:     newConnPool(env, t.mysql, "transactions", f.TransactionCap, f.TxPoolTimeout),
		foundRows: newConnPool(env, t.mysql, "found-rows", f.TransactionCap, f.TxPoolTimeout),
	}
}

// begin takes a connection for a new transaction or reservation, and leaves it in use.
func (p *txPool) begin(ctx *sim.Context, opts query.ExecuteOptions, caller, purpose string) (*txConn, error) {
	from := p.conns
	if opts.ClientFoundRows {
		from = p.foundRows
	}
	if ctx.Err() != nil {
		return nil, vterr.TransactionPoolExpired(caller)
	}
	conn, err := from.get(ctx)
	if err != nil {
		return nil, p.t.qs.poolError(err, vterr.TransactionPoolFull(caller), caller)
	}
	c := &txConn{conn: conn, from: from, inUse: purpose, expires: sim.Never}
	if limit := p.t.qs.transactionTimeout(opts); limit > 0 {
		c.expires, c.timeout = p.env.Now().Add(limit), limit
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		from.put(conn)
		return nil, vterr.PoolClosed(caller)
	}
	p.lastID++
	c.id = p.lastID
	p.open[c.id] = c
	return c, nil
}

// get takes an open connection into use.
// spec: T-55
func (p *txPool) get(id int64, purpose, caller string) (*txConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, open := p.open[id]
	if !open {
		if e, known := p.ended[id]; known {
			return nil, vterr.TransactionEnded(id, e.at, e.reason, caller)
		}
		return nil, vterr.TransactionNotFound(id, caller)
	}
	if c.inUse != "" {
		return nil, vterr.TransactionInUse(id, c.inUse, caller)
	}
	c.inUse = purpose
	return c, nil
}

// put takes a connection out of use; it stays open unless it died or a drain wants it gone.
func (p *txPool) put(c *txConn) {
	died := c.conn.Err() != nil
	p.mu.Lock()
	dooming := p.dooming
	c.inUse = ""
	p.mu.Unlock()
	switch {
	case died:
		p.release(c, vterr.EndedConnection)
	case dooming:
		_ = c.conn.Rollback() // the session lives; its transaction is dropped
		p.release(c, vterr.EndedPoolClosed)
	}
}

// renumber gives a reserved connection whose transaction ended a new number.
func (p *txPool) renumber(c *txConn, reason string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(c, reason)
	p.lastID++
	c.id = p.lastID
	p.open[c.id] = c
	return c.id
}

// release ends a stateful connection.
func (p *txPool) release(c *txConn, reason string) {
	p.mu.Lock()
	_, open := p.open[c.id]
	if open {
		p.forget(c, reason)
	}
	if len(p.open) == 0 && p.empty != nil {
		p.empty.Set()
		p.empty = nil
	}
	p.mu.Unlock()
	if open {
		if c.reserved {
			c.conn.Close() // its settings must not reach another session
		}
		c.from.put(c.conn)
	}
}

// forget takes a number out and remembers why; the caller holds the lock.
func (p *txPool) forget(c *txConn, reason string) {
	delete(p.open, c.id)
	p.ended[c.id] = endedTx{at: time.Unix(0, p.env.Wall()).UTC(), reason: reason}
	p.order = append(p.order, c.id)
	if len(p.order) > endedMax {
		delete(p.ended, p.order[0])
		p.order = p.order[1:]
	}
}

// rollbackIdle rolls back the connections that pick chooses among those not in use.
func (p *txPool) rollbackIdle(reason func(*txConn) string, pick func(*txConn) bool) int {
	p.mu.Lock()
	var idle []*txConn
	for _, id := range slices.Sorted(maps.Keys(p.open)) {
		if c := p.open[id]; c.inUse == "" && pick(c) {
			c.inUse = vterr.InUseForTxKiller
			idle = append(idle, c)
		}
	}
	p.mu.Unlock()
	for _, c := range idle {
		_ = c.conn.Rollback() // a dead session has nothing to roll back
		p.release(c, reason(c))
	}
	return len(idle)
}

// doom rolls back everything idle and has the rest rolled back when it comes back.
// spec: T-32
func (p *txPool) doom() int {
	p.mu.Lock()
	p.dooming = true
	p.mu.Unlock()
	return p.rollbackIdle(because(vterr.EndedPoolClosed), func(*txConn) bool { return true })
}

func because(reason string) func(*txConn) string { return func(*txConn) string { return reason } }

// closeWhenEmpty blocks until nothing is open and closes the pool.
func (p *txPool) closeWhenEmpty() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.open) > 0 {
		if p.empty == nil {
			p.empty = p.env.NewEvent("empty")
		}
		empty := p.empty
		p.mu.Unlock()
		empty.Wait()
		p.mu.Lock()
	}
	p.closed = true
}

// reopen takes the pool back into service after a drain.
func (p *txPool) reopen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dooming, p.closed = false, false
}

func (p *txPool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}
