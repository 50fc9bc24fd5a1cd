package gateway

import (
	"bufsim/model/topodata"
	"bufsim/sim/trace"
)

// The kinds of events that this package records.
const (
	// KindBegin is a request entering the retry loop.
	KindBegin trace.Kind = "gateway.begin"
	// KindAttempt is the choice of a tablet for an inner call.
	KindAttempt trace.Kind = "gateway.attempt"
	// KindEnd is a request leaving the loop.
	KindEnd trace.Kind = "gateway.end"
)

// TraceKinds documents the events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindBegin, Fields: "request method target", Meaning: "A request enters the gateway's retry loop."},
		{Kind: KindAttempt, Fields: "request attempt tablet", Meaning: "The gateway chose a tablet and calls it."},
		{Kind: KindEnd, Fields: "request calls held error", Meaning: "A request leaves the retry loop; held says that it came out of the buffer, error is empty on success."},
	}
}

func (g *TabletGateway) traceBegin(r *request) {
	if g.env.Tracing() {
		g.env.Emit(KindBegin, trace.Str("request", r.id), trace.Str("method", r.method), trace.Str("target", r.target.Lower()))
	}
}

func (g *TabletGateway) traceAttempt(r *request, i int, tablet topodata.TabletAlias) {
	if g.env.Tracing() {
		g.env.Emit(KindAttempt, trace.Str("request", r.id), trace.Int("attempt", int64(i)), trace.Str("tablet", tablet.String()))
	}
}

func (g *TabletGateway) traceEnd(r *request, err error) {
	if !g.env.Tracing() {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	g.env.Emit(KindEnd, trace.Str("request", r.id), trace.Int("calls", int64(r.attempts)), trace.Bool("held", r.done != nil), trace.Str("error", text))
}
