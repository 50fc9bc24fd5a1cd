package simnet

import (
	"io"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// The kinds of events that the network emits.
const (
	KindOpen  trace.Kind = "net.open"
	KindBreak trace.Kind = "net.break"
	KindCall  trace.Kind = "net.call"
	KindReply trace.Kind = "net.reply"
	KindFault trace.Kind = "net.fault"
)

// TraceKinds documents the kinds of events that the network emits.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindOpen, Fields: "peer conn", Meaning: "A client learned that its connection to peer is open."},
		{Kind: KindBreak, Fields: "peer conn reason", Meaning: "A client's connection to peer was refused or ended."},
		{Kind: KindCall, Fields: "method peer call", Meaning: "A client started a call or a stream."},
		{Kind: KindReply, Fields: "method peer call took error", Meaning: "A call or stream ended at its client, took nanoseconds later; error is empty if it succeeded."},
		{Kind: KindFault, Fields: "what from to", Meaning: "A fault was put on a link or a host, or taken away."},
	}
}

// Arrow makes arrows of calls and their ends, for [trace.WriteMermaid].
func Arrow(e *trace.Event) (trace.Arrow, bool) {
	switch e.Kind {
	case KindCall:
		return trace.Arrow{From: e.Host, To: e.Text("peer")}, true
	case KindReply:
		return trace.Arrow{From: e.Text("peer"), To: e.Host, Dashed: true}, true
	}
	return trace.Arrow{}, false
}

// callTrace is what the event of a call's end repeats.
type callTrace struct {
	method string
	id     uint64
	at     sim.Time
}

func (k *connection) emitOpen() {
	if env := k.dialer.node.env; env.Tracing() {
		env.Emit(KindOpen, trace.Str("peer", k.server.host), trace.Int("conn", int64(k.id)))
	}
}

func (k *connection) emitBreak(kind ErrorKind) {
	if env := k.dialer.node.env; env.Tracing() {
		env.Emit(KindBreak, trace.Str("peer", k.server.host), trace.Int("conn", int64(k.id)), trace.Str("reason", kind.String()))
	}
}

func (c *Conn) emitCall(k *call) callTrace {
	env := c.node.env
	if !env.Tracing() {
		return callTrace{}
	}
	env.Emit(KindCall, trace.Str("method", k.method), trace.Str("peer", c.to), trace.Int("call", int64(k.id)))
	return callTrace{k.method, k.id, env.Now()}
}

func (c *Conn) emitReply(started callTrace, err error) {
	env := c.node.env
	if !env.Tracing() {
		return
	}
	text := ""
	if err != nil && err != io.EOF { // io.EOF is the clean end of a stream
		text = err.Error()
	}
	env.Emit(KindReply, trace.Str("method", started.method), trace.Str("peer", c.to), trace.Int("call", int64(started.id)),
		trace.Int("took", int64(env.Now().Sub(started.at))), trace.Str("error", text))
}

func (n *Network) fault(what, from, to string) {
	if n.env.Tracing() {
		n.env.Emit(KindFault, trace.Str("what", what), trace.Str("from", from), trace.Str("to", to))
	}
}
