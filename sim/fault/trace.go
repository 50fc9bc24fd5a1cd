package fault

import (
	"strings"

	"bufsim/sim/trace"
)

// The kinds of events that an injector emits.
const (
	KindInject trace.Kind = "fault.inject"
	KindUndo   trace.Kind = "fault.undo"
)

// TraceKinds documents the kinds.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindInject, Fields: "line hosts peers error", Meaning: "A fault happened: its line, and the hosts that its target and its peer named."},
		{Kind: KindUndo, Fields: "line why hosts error", Meaning: "A fault was taken back on these hosts (why: for, its time was over; heal)."},
	}
}

func (in *Injector) traceInject(r *Record) {
	if env := in.site.Env; env.Tracing() {
		env.Emit(KindInject, trace.Str("line", r.Line), trace.Str("hosts", strings.Join(r.Hosts, ",")),
			trace.Str("peers", strings.Join(r.Peers, ",")), trace.Str("error", text(r.Err)))
	}
}

func (in *Injector) traceUndo(r *Record, why string, hosts []string, err error) {
	if env := in.site.Env; env.Tracing() {
		env.Emit(KindUndo, trace.Str("line", r.Line), trace.Str("why", why), trace.Str("hosts", strings.Join(hosts, ",")), trace.Str("error", text(err)))
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
