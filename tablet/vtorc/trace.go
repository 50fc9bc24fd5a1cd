package vtorc

import "bufsim/sim/trace"

// The kinds of events that this package records.
const (
	// KindDetect: an analysis finds a problem, or finds it no more.
	KindDetect trace.Kind = "vtorc.detect"
	// KindRecover: a recovery begins, ends, or is skipped.
	KindRecover trace.Kind = "vtorc.recover"
)

// TraceKinds documents the events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{
			Kind: KindDetect, Fields: "what analysis tablet shard",
			Meaning: "VTOrc's analysis finds a problem that it did not find before (what: found), or finds it no more (gone).",
		},
		{
			Kind: KindRecover, Fields: "what recovery analysis tablet shard detail",
			Meaning: "A recovery of VTOrc begins, ends (what: begin, succeeded, failed), or is not run (skipped); detail is the error or the reason.",
		},
	}
}
