package tablet

import (
	"time"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// txState is a state of the transaction engine.
type txState uint8

const (
	txNotServing txState = iota
	txTransitioning
	txReadOnly
	txReadWrite
)

// txEngine admits transactions and ends them in a drain.
// spec: T-32, T-56, T-57
type txEngine struct {
	t    *Tablet
	env  *sim.Env
	pool *txPool

	mu    *sim.Mutex
	state txState
	// begins counts explicit and implicit Begin calls under way.
	begins *sim.WaitGroup
}

func newTxEngine(t *Tablet) *txEngine {
	env := t.env.Named("te")
	e := &txEngine{t: t, env: env, pool: newTxPool(t), mu: env.NewMutex("mu"), begins: env.NewWaitGroup("begins")}
	env.GoDaemon("tx-killer", e.killExpired)
	return e
}

// begin opens a transaction and leaves its connection in use.
func (e *txEngine) begin(ctx *sim.Context, opts query.ExecuteOptions, caller, purpose string) (*txConn, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.begins.Done()
	c, err := e.pool.begin(ctx, opts, caller, purpose)
	if err != nil {
		return nil, err
	}
	c.inTransaction = true
	return c, nil
}

// reserve takes a connection for a session without opening a transaction.
func (e *txEngine) reserve(ctx *sim.Context, opts query.ExecuteOptions, caller string) (*txConn, error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	defer e.begins.Done()
	c, err := e.pool.begin(ctx, opts, caller, vterr.InUseForQuery)
	if err != nil {
		return nil, err
	}
	c.reserved, c.expires = true, sim.Never
	return c, nil
}

// autocommit takes a connection for one write. Unlike begin it does not ask for the engine's
// state: a write that was admitted before a drain is part of it, until the pool is closed.
// spec: T-53, T-142
func (e *txEngine) autocommit(ctx *sim.Context, opts query.ExecuteOptions, caller string) (*txConn, error) {
	return e.pool.begin(ctx, opts, caller, vterr.InUseForQuery)
}

func (e *txEngine) enter() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.state {
	case txNotServing:
		return vterr.TxEngineRefused(vterr.TxEngineNotServing)
	case txTransitioning:
		return vterr.TxEngineRefused(vterr.TxEngineTransitioning)
	}
	e.begins.Add(1)
	return nil
}

// isReadOnly reports whether writes are refused because the tablet is no primary.
func (e *txEngine) isReadOnly() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == txReadOnly
}

// acceptReadWrite opens the engine for a primary.
func (e *txEngine) acceptReadWrite() { e.accept(txReadWrite) }

// acceptReadOnly opens the engine for other types; coming from read-write it waits for the
// open transactions.
// spec: T-24
func (e *txEngine) acceptReadOnly() { e.accept(txReadOnly) }

func (e *txEngine) accept(want txState) {
	e.mu.Lock()
	was := e.state
	e.mu.Unlock()
	if was == want {
		return
	}
	if was == txReadWrite {
		e.close()
	}
	e.pool.reopen()
	e.setState(want)
}

// restart ends a replica's transactions before the tablet goes read-write, as releases with
// two-phase commit do; it waits for statements in them.
// spec: T-146
func (e *txEngine) restart() {
	if e.isReadOnly() {
		e.close()
	}
	e.accept(txReadWrite)
}

func (e *txEngine) setState(s txState) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = s
}

// close ends all transactions. Those of a read-write engine may finish; when the grace
// period ends, idle ones are rolled back, and busy ones when they come back. Those of a
// read-only engine have no such time. Without a grace period it waits without limit.
// spec: T-32
func (e *txEngine) close() {
	e.mu.Lock()
	was := e.state
	if was == txNotServing {
		e.mu.Unlock()
		return
	}
	e.state = txTransitioning
	e.mu.Unlock()
	e.begins.Wait()
	e.pool.rollbackIdle(because(vterr.EndedKillNonTx), func(c *txConn) bool { return !c.inTransaction })
	period := e.t.opts.Flags.VTTablet.ShutdownGracePeriod
	if was != txReadWrite {
		period = 0
		e.doom()
	}
	stop := e.doomAfter(period)
	e.pool.closeWhenEmpty()
	stop()
	e.setState(txNotServing)
}

// doomAfter ends the patience with open transactions after a period, unless it is zero.
func (e *txEngine) doomAfter(period time.Duration) (stop func()) {
	if period <= 0 {
		return func() {}
	}
	ctx, cancel := e.env.WithCancel(e.env.Background())
	e.env.GoDaemon("doom", func() {
		if e.env.SleepCtx(ctx, period) == nil {
			e.doom()
		}
	})
	return cancel
}

func (e *txEngine) doom() {
	if n := e.pool.doom(); n > 0 {
		e.env.Emit(KindKill, trace.Str("what", "transactions"), trace.Int("n", int64(n)))
	}
}

// killExpired rolls back transactions that are too old and not in use.
// spec: T-54
func (e *txEngine) killExpired() {
	f := e.t.opts.Flags.VTTablet
	limit := f.TransactionTimeout
	if f.OLAPTransactionTimeout > 0 && (limit == 0 || f.OLAPTransactionTimeout < limit) {
		limit = f.OLAPTransactionTimeout
	}
	if limit <= 0 {
		return
	}
	for {
		e.env.Sleep(limit / 10)
		now := e.env.Now()
		e.pool.rollbackIdle(func(c *txConn) string { return vterr.EndedTimeout + c.timeout.String() },
			func(c *txConn) bool { return c.inTransaction && c.expires <= now })
	}
}
