package toposerver

import (
	"strings"

	"bufsim/model/topodata"
	"bufsim/sim/trace"
	"bufsim/topo/wire"
)

// The kinds of events of a topology server; see [TraceKinds].
const (
	KindWrite trace.Kind = "topo.write"
	KindLease trace.Kind = "topo.lease"
	KindShard trace.Kind = "topo.shard"
)

// TraceKinds documents the events of a topology server.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindWrite, Fields: "op key revision", Meaning: "A key was written or deleted (op: put, delete)."},
		{Kind: KindLease, Fields: "what id", Meaning: "A lease began, was renewed or ended (what: grant, renew, revoke, expire)."},
		{Kind: KindShard, Fields: "shard primary pts", Meaning: "A shard's record was written; pts is the term in nanoseconds, primary the alias."},
	}
}

func (s *Server) traceWrite(op, key string, revision int64) {
	if s.env.Tracing() {
		s.env.Emit(KindWrite, trace.Str("op", op), trace.Str("key", key), trace.Int("revision", revision))
	}
}

// traceRecord tells what a record says, where a checker wants to know.
func (s *Server) traceRecord(key string, value any) {
	shard, ok := value.(*topodata.Shard)
	if !ok || !s.env.Tracing() {
		return
	}
	_, path, _ := strings.Cut(strings.TrimSuffix(key, "/Shard"), "/keyspaces/")
	primary := ""
	if !shard.PrimaryAlias.IsZero() {
		primary = shard.PrimaryAlias.String()
	}
	s.env.Emit(KindShard, trace.Str("shard", strings.Replace(path, "/shards/", "/", 1)), trace.Str("primary", primary),
		trace.Int("pts", int64(shard.PrimaryTermStartTime)))
}

func (s *Server) traceLease(what string, id wire.LeaseID) {
	if s.env.Tracing() {
		s.env.Emit(KindLease, trace.Str("what", what), trace.Int("id", int64(id)))
	}
}
