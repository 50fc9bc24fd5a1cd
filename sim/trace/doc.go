// Package trace holds what happened in a world: events, sinks that record them,
// filters, and encoders. It knows no scheduler and no Vitess; components declare
// their own kinds of events and document them with [KindDoc].
//
// A [Recorder] keeps events, a [Filter] chooses among them, and [WriteText],
// [WriteNDJSON] and [WriteMermaid] write them: for people, for programs, and as a
// sequence diagram. [ReadNDJSON] reads events back.
//
// # Invariants
//
//   - Equal events give equal bytes, in every encoding.
//   - What WriteNDJSON wrote, ReadNDJSON reads back as it was, apart from bytes
//     that are not UTF-8.
//
// # Example
//
//	rec := trace.NewRecorder(trace.Filter{Kinds: []string{"net", "buffer"}})
//	w := sim.New(sim.Config{Sink: rec})
//	...
//	err := trace.WriteText(os.Stdout, rec.Events())
package trace
