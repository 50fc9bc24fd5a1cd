package mysqld

import (
	"maps"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
)

// RestoreFrom gives the server the data of another one of its shard, as an operator does who
// throws a server away and makes a new one from a backup: rows and executed transactions are the
// donor's, the binary log begins anew, and it has no source. Both servers must run; the server
// takes no writes until somebody says so. It is done at once.
// spec: R-102a
func (s *Server) RestoreFrom(donor *Server) {
	rows, executed := donor.backup()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopReceiver()
	s.stopApplier()
	s.release(len(s.log), causeSwitchedOff)
	for _, d := range s.dumps {
		d.stop.Set()
	}
	s.tables, s.log, s.broken = rows, nil, false
	s.executed, s.purged = executed, executed.Clone()
	s.nextGTID = executed.Next(s.uuid)
	s.read.on, s.read.super = true, !s.opts.StartWithoutSuper
	s.changeSource(topodata.TabletAlias{})
	s.emitReadOnly()
	s.emitSet(KindRestore, executed)
	s.firePositionWaiters()
}

// backup copies what a backup of the server holds.
func (s *Server) backup() (rows tables, executed gtid.Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows = tables{}
	for name, t := range s.tables { // order-free: a copy
		own := *t
		own.given, own.rows = t.LastID, maps.Clone(t.rows)
		rows[name] = &own
	}
	return rows, s.executed.Clone()
}
