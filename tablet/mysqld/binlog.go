package mysqld

import (
	"strconv"

	"bufsim/model/gtid"
	"bufsim/sim"
)

// Entry is one transaction in a binary log. Servers share entries: nobody changes one.
type Entry struct {
	// UUID and Number are the GTID.
	UUID   gtid.UUID
	Number int64
	// CommittedAt is when the server that made the transaction wrote it to its log.
	CommittedAt sim.Time
	Changes     []Change
	// one holds the change of a transaction of one statement without a second allocation.
	one [1]Change
}

// GTID gives the text form.
func (e *Entry) GTID() string { return e.UUID.String() + ":" + strconv.FormatInt(e.Number, 10) }

func newEntry(uuid gtid.UUID, number int64, at sim.Time, changes []Change) *Entry {
	e := &Entry{UUID: uuid, Number: number, CommittedAt: at}
	if len(changes) == 1 {
		e.one[0] = changes[0]
		e.Changes = e.one[:]
	} else {
		e.Changes = changes
	}
	return e
}

// appendLog writes an entry to the server's own binary log; from now on replicas read it.
// The caller holds the lock and wakes the dumps when it is done.
func (s *Server) appendLog(e *Entry) { s.log = append(s.log, e) }

// wakeDumps tells the dump threads that the log grew. A dump that has a wake-up waiting
// needs no second one.
func (s *Server) wakeDumps() {
	for _, d := range s.dumps {
		d.wake.TrySend(struct{}{})
	}
}

// engineCommit makes a logged transaction visible.
// spec: T-107, T-114
func (s *Server) engineCommit(e *Entry) {
	s.executed.Add(e.UUID, e.Number)
	s.tables.apply(e.Changes)
	s.firePositionWaiters()
}
