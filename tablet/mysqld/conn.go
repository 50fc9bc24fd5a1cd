package mysqld

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"bufsim/model/query"
	"bufsim/sim"
)

// Conn is one session. It runs one call at a time; Kill may come from anybody.
type Conn struct {
	server     *Server
	client     *Client
	id         int64
	privileged bool
	killed     *sim.Event
	// err is why the session is over, nil while it lives.
	err           error
	inTransaction bool
	changes       []Change
	// writing is set while a write statement or the start of a commit is under way;
	// statement is that write.
	writing   bool
	statement query.Statement
}

// Connect opens a session. A privileged one may write under read_only (but not under
// super_read_only).
// spec: T-120
func (c *Client) Connect(privileged bool) (*Conn, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return nil, ErrRefused
	}
	s.lastConn++
	conn := &Conn{server: s, client: c, id: s.lastConn, privileged: privileged, killed: c.env.NewEvent("mysqld.conn.killed")}
	s.conns = append(s.conns, conn)
	return conn, nil
}

// ID gives the number that KILL and the process list know.
func (c *Conn) ID() int64 { return c.id }

// Err gives the reason why the session is over, nil while it lives.
func (c *Conn) Err() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.err
}

// Begin opens a transaction; it costs nothing, since Vitess sends it along.
func (c *Conn) Begin() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.err == nil {
		c.inTransaction, c.changes = true, nil
	}
	return c.err
}

// Exec runs a statement and blocks until it is done; outside of a transaction a write
// commits, which can mean waiting for acknowledgements. Errors: ErrReadOnly; ErrKilled and
// ErrGone if the session ended; ctx's error if it ended first: then the statement is still
// under way and the caller must Kill the session.
// spec: T-114, T-116, T-124
func (c *Conn) Exec(ctx *sim.Context, st query.Statement) (query.Result, error) {
	cost, err := c.startStatement(ctx, st)
	if err != nil {
		return query.Result{}, err
	}
	if err := c.work(ctx, cost); err != nil {
		return query.Result{}, err
	}
	return c.finishStatement(ctx, st)
}

func (c *Conn) startStatement(ctx *sim.Context, st query.Statement) (time.Duration, error) {
	for {
		cost, wait, err := c.tryStatement(st)
		if wait == nil {
			return cost, err
		}
		if err := c.retryWrite(ctx, wait); err != nil {
			return 0, err
		}
	}
}

func (c *Conn) tryStatement(st query.Statement) (cost time.Duration, wait *sim.Event, err error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, nil, c.err
	case st.Verb.IsWrite():
		if wait, err := c.enterWrite(); wait != nil || err != nil {
			return 0, wait, err
		}
		c.statement = st
		return s.timings.onDisk(s.service(s.draw(s.timings.Write))) + st.Cost, nil, nil
	case st.Verb == query.VerbSleep:
		return s.service(s.draw(s.timings.Read)) + st.Cost, nil, nil
	case st.Verb.IsRead():
		return s.timings.onDisk(s.service(s.draw(s.timings.Read))) + st.Cost, nil, nil
	default:
		return st.Cost, nil, nil
	}
}

// work lets time pass for a call.
func (c *Conn) work(ctx *sim.Context, cost time.Duration) error {
	if cost <= 0 {
		return c.Err()
	}
	switch c.client.env.Select(c.client.env.After(cost), sim.OnEvent(c.killed), sim.OnDone(ctx)) {
	case 1:
		return c.Err()
	case 2:
		return ctx.Err()
	}
	return nil
}

func (c *Conn) finishStatement(ctx *sim.Context, st query.Statement) (query.Result, error) {
	result, p, err := c.effect(st)
	for errors.Is(err, errHangs) {
		if err := c.awaitServer(ctx, st.Verb.IsWrite()); err != nil {
			return query.Result{}, err
		}
		result, p, err = c.effect(st)
	}
	if p == nil {
		return result, err
	}
	return result, c.await(ctx, p)
}

// effect does what a statement does once its time is over; outside of a transaction a write
// becomes a commit.
func (c *Conn) effect(st query.Statement) (query.Result, *pending, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.err != nil:
		return query.Result{}, nil, c.err
	case s.hangs(st.Verb.IsWrite()):
		return query.Result{}, nil, errHangs
	case !st.Verb.IsWrite():
		return s.lookUp(st), nil, nil
	case c.inTransaction:
		c.leaveWrite()
		c.changes = append(c.changes, c.changeOf(st))
		return query.Result{RowsAffected: max(st.Rows, 1)}, nil, nil
	}
	p := s.commit(c, []Change{c.changeOf(st)})
	return query.Result{RowsAffected: max(st.Rows, 1), GTID: s.name + ":" + strconv.FormatInt(p.entry.Number, 10)}, p, nil
}

// lookUp answers a SELECT by key; the caller holds the lock.
func (s *Server) lookUp(st query.Statement) query.Result {
	result := query.Result{RowsReturned: max(st.Rows, 1)}
	if t := s.tables[st.Table]; t != nil {
		if row := t.rows[st.Key]; !row.Deleted {
			result.Value = row.Value
		}
	}
	return result
}

// Commit commits the open transaction and returns its GTID in text form, empty if it wrote
// nothing. It blocks and fails like Exec; after ErrReadOnly the transaction is rolled back.
// spec: T-114, T-123
func (c *Conn) Commit(ctx *sim.Context) (string, error) {
	cost, err := c.startCommit(ctx)
	if err != nil {
		return "", err
	}
	if err := c.work(ctx, cost); err != nil {
		return "", err
	}
	p, err := c.commitChanges()
	for errors.Is(err, errHangs) {
		if err := c.awaitServer(ctx, true); err != nil {
			return "", err
		}
		p, err = c.commitChanges()
	}
	if p == nil {
		return "", err
	}
	return p.entry.GTID(), c.await(ctx, p)
}

// commitChanges writes the transaction to the log, if it has changes.
func (c *Conn) commitChanges() (*pending, error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if s.hangs(len(c.changes) > 0) {
		return nil, errHangs
	}
	changes := c.changes
	c.inTransaction, c.changes = false, nil
	if len(changes) == 0 {
		return nil, nil
	}
	return s.commit(c, changes), nil
}

func (c *Conn) startCommit(ctx *sim.Context) (time.Duration, error) {
	for {
		cost, wait, err := c.tryCommit()
		if wait == nil {
			return cost, err
		}
		if err := c.retryWrite(ctx, wait); err != nil {
			return 0, err
		}
	}
}

func (c *Conn) tryCommit() (cost time.Duration, wait *sim.Event, err error) {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.err != nil || len(c.changes) == 0 {
		return 0, nil, c.err
	}
	if wait, err := c.enterWrite(); wait != nil || err != nil {
		if err != nil {
			c.inTransaction, c.changes = false, nil
		}
		return 0, wait, err
	}
	return s.timings.onDisk(s.service(s.draw(s.timings.Commit))), nil, nil
}

// Rollback ends the open transaction without effect.
func (c *Conn) Rollback() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.inTransaction, c.changes = false, nil
	return c.err
}

// Kill ends the session as KILL does: a call under way fails with ErrKilled, an open
// transaction is rolled back, but a commit that is in the log still happens.
// spec: T-124, T-125
func (c *Conn) Kill() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.end(ErrKilled)
}

// KillQuery ends the statement under way and leaves the session alive; a write that is in
// the log still happens. The caller is the one whose call of Exec returned with its context's
// error.
// spec: T-51
func (c *Conn) KillQuery() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.leaveWrite()
}

// Close ends the session, rolling back an open transaction.
func (c *Conn) Close() { c.Kill() }

// end closes the session; the caller holds the lock.
func (c *Conn) end(why error) {
	if c.err != nil {
		return
	}
	c.err = why
	c.inTransaction, c.changes = false, nil
	c.leaveWrite()
	s := c.server
	if i := slices.Index(s.conns, c); i >= 0 {
		s.conns = slices.Delete(s.conns, i, i+1)
	}
	c.killed.Set()
}

// changeOf is what a write of this session does. Clients' rows get auto-increment values;
// Vitess's own bring their keys.
func (c *Conn) changeOf(st query.Statement) Change {
	return Change{Verb: st.Verb, Table: st.Table, Key: st.Key, Value: st.Value, Rows: st.Rows, autoID: !c.privileged}
}
