package tablet

import "bufsim/sim/trace"

// The kinds of events of a tablet process; [TraceKinds] tells each. The host of an event is the tablet's.
const (
	KindWant             trace.Kind = "tablet.want"
	KindState            trace.Kind = "tablet.state"
	KindTransitionFailed trace.Kind = "tablet.transition_failed"
	KindDrain            trace.Kind = "tablet.drain"
	KindKill             trace.Kind = "tablet.kill"
	KindHealth           trace.Kind = "tablet.health"
	KindStep             trace.Kind = "tablet.step"
	KindType             trace.Kind = "tablet.type"
	KindRecord           trace.Kind = "tablet.record"
	KindShardSync        trace.Kind = "tablet.shard_sync"
	KindQuery            trace.Kind = "tablet.query"
	KindCommit           trace.Kind = "tablet.commit"
	KindLife             trace.Kind = "tablet.life"
)

// TraceKinds documents the kinds of events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindWant, Fields: "type state reason", Meaning: "The tablet was told to take a type and a serving state."},
		{Kind: KindState, Fields: "type state pts", Meaning: "The tablet has reached a type and a serving state; pts is the term in nanoseconds."},
		{Kind: KindTransitionFailed, Fields: "type state error", Meaning: "A transition failed; it is tried again every second."},
		{Kind: KindDrain, Fields: "phase outstanding transactions", Meaning: "A drain began, came to its wait for requests, or ended (phase: begin, requests, end)."},
		{Kind: KindKill, Fields: "what n", Meaning: "A drain or transition ended n queries (stateless, stateful, streams) or transactions."},
		{Kind: KindHealth, Fields: "type serving pts_s error", Meaning: "A health message was broadcast; pts_s is in seconds."},
		{Kind: KindStep, Fields: "call step error", Meaning: "A tablet manager call came to a step: begin, one of its own, or end."},
		{Kind: KindType, Fields: "type pts", Meaning: "The tablet changed its type in memory."},
		{Kind: KindRecord, Fields: "type pts", Meaning: "The tablet record was written."},
		{Kind: KindShardSync, Fields: "what primary", Meaning: "The shard-sync loop wrote the shard record (written), or ended a stale term (ended, end_failed)."},
		{Kind: KindQuery, Fields: "request method type took_ns code error", Meaning: "A call of the query service ended; request is the gate's name for it, code OK if it succeeded."},
		{Kind: KindCommit, Fields: "request gtid outcome", Meaning: "A client's transaction became gtid on MySQL, and its caller gets a success (ok) or an error (unknown): then it is in the log all the same."},
		{Kind: KindLife, Fields: "what error", Meaning: "The process serves (started), failed to start (failed), got SIGTERM (term), has stopped (stopped) or ended itself (crashed)."},
	}
}
