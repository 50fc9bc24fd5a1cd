package mysqld

import "bufsim/sim"

// pending is a commit that is in the log. Under semi-sync it waits, in the order of the log,
// until enough replicas have it.
// spec: T-114, T-116
type pending struct {
	entry *Entry
	// index is the entry's place in the log.
	index int
	// done happens at the engine commit; nil if that was at once.
	done *sim.Event
}

// commit writes a transaction of the connection to the log. Without semi-sync it is visible
// at once; with it, once acknowledged. The connection's active write becomes the commit's:
// it is over at the engine commit, whatever happens to the session. The caller holds the lock.
func (s *Server) commit(c *Conn, changes []Change) *pending {
	e := newEntry(s.uuid, s.nextGTID, s.disk.Now(), s.tables.number(changes, s.semi.queue))
	s.nextGTID++
	p := &pending{entry: e, index: len(s.log)}
	s.appendLog(e)
	c.writing = false
	if s.tracing() {
		s.emitBinlog(e)
	}
	if s.semi.waits() {
		p.done = s.disk.NewEvent("mysqld.commit")
		s.enqueue(p)
	} else {
		s.complete(p, causeAsync)
	}
	s.wakeDumps()
	return p
}

// complete commits in the engine and lets the session go on.
func (s *Server) complete(p *pending, cause commitCause) {
	s.engineCommit(p.entry)
	s.read.leave()
	if s.tracing() {
		s.emitCommit(p, cause)
	}
	if p.done != nil {
		p.done.Set()
	}
}

// await blocks until a commit is in the engine. When the session is killed or ctx ends
// first, the commit still happens later.
// spec: T-125
func (c *Conn) await(ctx *sim.Context, p *pending) error {
	if p.done == nil {
		return nil
	}
	switch c.client.env.Select(sim.OnEvent(p.done), sim.OnEvent(c.killed), sim.OnDone(ctx)) {
	case 1:
		return c.Err()
	case 2:
		return ctx.Err()
	}
	return nil
}
