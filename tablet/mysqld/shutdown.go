package mysqld

import (
	"slices"

	"bufsim/sim/trace"
)

// Shutdown ends the server's program in an orderly way, as SIGTERM does: commits that wait
// for acknowledgements are let go as committed, open transactions are rolled back, and
// nothing is accepted any more. Whoever runs the process then takes its host down.
// spec: T-119
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return
	}
	s.release(len(s.log), causeShutdown)
	s.up.Store(false)
	for _, c := range slices.Clone(s.conns) {
		c.end(ErrShutdown)
	}
	s.stopReceiver()
	s.stopApplier()
	for _, d := range s.dumps {
		d.stop.Set()
	}
	s.emit(KindProcess, trace.Str("what", "shutdown"))
	s.process.died.Set()
}
