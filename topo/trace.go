package topo

import "bufsim/sim/trace"

// KindLock is a step of taking or giving up a lock; its fields are documented in
// [TraceKinds].
const KindLock trace.Kind = "topo.lock"

// The values of the field "what" of a KindLock event.
const (
	lockWaiting  = "wait"
	lockHeld     = "held"
	lockRefused  = "refused"
	lockReleased = "released"
)

// TraceKinds documents the events of a topology client.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{
			Kind: KindLock, Fields: "what resource action",
			Meaning: "A process waits for, got, did not get or gave up (what: wait, held, refused, released) the lock of a keyspace or shard.",
		},
	}
}

func (s *Server) trace(what string, r resource, action string) {
	if s.env.Tracing() {
		s.env.Emit(KindLock, trace.Str("what", what), trace.Str("resource", r.name), trace.Str("action", action))
	}
}
