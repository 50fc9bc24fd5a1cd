package toposerver

import (
	"bufsim/sim/trace"
	"bufsim/topo/wire"
)

// The kinds of events of a topology server; see [TraceKinds].
const (
	KindWrite trace.Kind = "topo.write"
	KindLease trace.Kind = "topo.lease"
)

// TraceKinds documents the events of a topology server.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindWrite, Fields: "op key revision", Meaning: "A key was written or deleted (op: put, delete)."},
		{Kind: KindLease, Fields: "what id", Meaning: "A lease began, was renewed or ended (what: grant, renew, revoke, expire)."},
	}
}

func (s *Server) traceWrite(op, key string, revision int64) {
	if s.env.Tracing() {
		s.env.Emit(KindWrite, trace.Str("op", op), trace.Str("key", key), trace.Int("revision", revision))
	}
}

func (s *Server) traceLease(what string, id wire.LeaseID) {
	if s.env.Tracing() {
		s.env.Emit(KindLease, trace.Str("what", what), trace.Int("id", int64(id)))
	}
}
