package hunt

import (
	"fmt"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/sim/trace"
)

// again plays a failing run by itself with the full trace. It returns what differs if it is
// another run: then the simulation is not deterministic, which matters more than the finding.
func again(in *Input, was *Played, invariants []invariant.Invariant) string {
	first, err := record(in, invariants)
	if err != nil {
		return err.Error()
	}
	if first.played.Hash() == was.Hash() {
		return ""
	}
	second, err := record(in, invariants)
	if err != nil {
		return err.Error()
	}
	a, b := first.events, second.events
	for i := range min(len(a), len(b)) {
		if x, y := trace.Line(&a[i]), trace.Line(&b[i]); x != y {
			return fmt.Sprintf("event %d: %s\n  and then: %s", i+1, x, y)
		}
	}
	return fmt.Sprintf("it had the hash %s, and now %s after %d and %d events", was.Hash(), first.played.Hash(), len(a), len(b))
}

// recording is a run with its whole trace.
type recording struct {
	played *Played
	events []trace.Event
}

func record(in *Input, invariants []invariant.Invariant) (*recording, error) {
	rec := trace.NewRecorder(trace.Filter{})
	p, err := safely(in, PlayOptions{Sink: rec, Invariants: invariants})
	if err != nil {
		return nil, err
	}
	return &recording{p, rec.Events()}, nil
}

// TraceKinds documents the events of all worlds.
func TraceKinds() []trace.KindDoc {
	return append(runner.TraceKinds(),
		trace.KindDoc{Kind: kindAsk, Fields: "request shard", Meaning: "A request of a small world comes (worlds of explorations only)."},
		trace.KindDoc{Kind: kindAnswer, Fields: "request shard error", Meaning: "A request of a small world is answered."},
		trace.KindDoc{Kind: kindSays, Fields: "shard serving term", Meaning: "The primary of a shard of a small world says what it is."},
	)
}
