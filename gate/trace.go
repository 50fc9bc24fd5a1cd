package gate

import (
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// The kinds of events that this package records.
const (
	// KindStatement is a statement that a client sent.
	KindStatement trace.Kind = "gate.statement"
	// KindAnswer is the answer to it.
	KindAnswer trace.Kind = "gate.answer"
)

// TraceKinds documents the events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindStatement, Fields: "request connection verb table in_transaction key value", Meaning: "A client's statement reached the gate; key and value are those of the row that it reads or writes."},
		{Kind: KindAnswer, Fields: "request took errno code error value", Meaning: "The gate answered a statement, took nanoseconds later; errno is 0 on success, value is what a SELECT by key found."},
	}
}

func (g *Gate) traceBegin(id string, s *session, stmt query.Statement) {
	if g.env.Tracing() {
		g.env.Emit(KindStatement, trace.Str("request", id), trace.Int("connection", s.id), trace.Str("verb", stmt.Verb.String()),
			trace.Str("table", stmt.Table), trace.Bool("in_transaction", s.inTransaction), trace.Int("key", stmt.Key), trace.Int("value", stmt.Value))
	}
}

func (g *Gate) traceEnd(id string, began sim.Time, result query.Result, err error) {
	if !g.env.Tracing() {
		return
	}
	num, _, text := vterr.SQLError(err)
	g.env.Emit(KindAnswer, trace.Str("request", id), trace.Int("took", int64(g.env.Now().Sub(began))), trace.Int("errno", int64(num)),
		trace.Str("code", vterr.CodeOf(err).String()), trace.Str("error", text), trace.Int("value", result.Value))
}
