package invariant

import "bufsim/sim/trace"

// The kinds of events that a run records for the checkers of liveness.
const (
	KindRecovery trace.Kind = "run.recovery"
	KindProbe    trace.Kind = "run.probe"
)

// TraceKinds documents the kinds.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindRecovery, Fields: "what", Meaning: "The recovery phase of a run: faults have stopped (healed), the operator repairs a shard (repair) or makes a server anew from another one (rebuild), the run is over (over)."},
		{Kind: KindProbe, Fields: "gate keyspace verb errno error", Meaning: "A statement that was sent through a gate at the end of a recovery; errno is 0 on success."},
	}
}
