package reparent

import "bufsim/sim/trace"

// The kinds of events that this package records.
const (
	// KindEvent: an operation reports its progress.
	KindEvent trace.Kind = "reparent.event"
	// KindPhase: a phase of an operation begins or ends.
	KindPhase trace.Kind = "reparent.phase"
)

// TraceKinds documents the events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindEvent, Fields: "operation shard text", Meaning: "A reparent operation reports its progress to the operator, in Vitess's words."},
		{
			Kind: KindPhase, Fields: "operation shard phase what",
			Meaning: "A phase of a reparent operation begins or ends (what: begin, end); phases of a failed operation end with it.",
		},
	}
}
