package mysqld

import (
	"strings"

	"bufsim/sim/trace"
)

// commitCause is why a transaction that was in the log was committed in the engine.
type commitCause string

const (
	causeAsync       commitCause = "async"        // semi-sync was off
	causeAcked       commitCause = "acked"        // enough replicas have it
	causeSwitchedOff commitCause = "switched_off" // the source's side was switched off. spec: T-117
	causeTimeout     commitCause = "timeout"      // the finite patience of semi-sync was over
	causeRecovered   commitCause = "recovered"    // crash recovery found it in the log. spec: T-126
	causeShutdown    commitCause = "shutdown"     // the server ended in an orderly way. spec: T-119
)

// ackedBy lists the replicas that have acknowledged everything up to a log index, with
// spaces; the caller holds the lock.
func (s *Server) ackedBy(index int) string {
	var names []string
	for _, d := range s.dumps {
		if d.semiSync && d.acked > index {
			names = append(names, strings.TrimPrefix(d.replica, hostPrefix))
		}
	}
	return strings.Join(names, " ")
}

func (s *Server) emitBinlog(e *Entry) {
	first := e.Changes[0]
	s.emit(KindBinlog, trace.Str("gtid", e.GTID()), trace.Str("table", first.Table), trace.Int("key", first.Key),
		trace.Int("value", first.Value), trace.Int("changes", int64(len(e.Changes))))
}

func (s *Server) emitCommit(p *pending, cause commitCause) {
	first := p.entry.Changes[0]
	s.emit(KindCommit, trace.Str("gtid", p.entry.GTID()), trace.Str("table", first.Table), trace.Int("key", first.Key),
		trace.Int("value", first.Value), trace.Int("waited_ns", int64(s.disk.Now().Sub(p.entry.CommittedAt))),
		trace.Str("how", string(cause)), trace.Str("acked_by", s.ackedBy(p.index)))
}

// tracing reports whether events of the server are recorded.
func (s *Server) tracing() bool { return s.process != nil && s.process.env.Tracing() }
