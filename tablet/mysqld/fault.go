package mysqld

import "bufsim/model/query"

// duplicateKey is what an applier says when it meets a row that is there already.
const duplicateKey = "Could not execute Write_rows event: Duplicate entry, Error_code: 1062"

// BreakApplier has the applier stop with an error, now and whenever it is started: the server
// holds a row that the next transaction inserts. It still receives and acknowledges. A fault.
func (c *Client) BreakApplier() error {
	return c.quick(func(s *Server) error {
		s.broken = true
		s.stopApplier()
		s.sqlError = duplicateKey
		return nil
	})
}

// WriteErrant commits a transaction of the server's own on a replica, past read_only, and stops
// its replication: from now on it has a transaction that its primary lacks. A fault.
// spec: T-126
func (c *Client) WriteErrant() error {
	return c.quick(func(s *Server) error {
		s.stopReceiver()
		s.stopApplier()
		e := newEntry(s.uuid, s.nextGTID, s.disk.Now(), []Change{{Verb: query.VerbInsert, Table: "errant", Key: 1, Value: 1}})
		s.nextGTID++
		s.appendLog(e)
		s.engineCommit(e)
		s.wakeDumps()
		return nil
	})
}
