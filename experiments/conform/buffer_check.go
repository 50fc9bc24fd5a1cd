package conform

import (
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// maxSeeds is how many random schedules a racy vector is tried under when the default one
// gives an outcome that is not listed.
const maxSeeds = 20

// Newest is the behaviour that the vectors were recorded from.
func Newest() release.Behaviors {
	all := release.All()
	return all[len(all)-1].Behaviors
}

// Racy reports whether the vector lists several outcomes, of which one must come out.
func (v BufferVector) Racy() bool { return v.Expect == nil }

// CheckBuffer plays a vector and compares. A racy vector that misses under the default
// schedule is tried under random ones; the outcomes that are not listed are told all the same.
func CheckBuffer(v BufferVector, b release.Behaviors) Result {
	r := Result{ID: v.ID, Note: v.Note}
	if !v.Racy() {
		r.Diffs = playAndCompare(v, *v.Expect, b, nil)
		r.Passed, r.Schedule = len(r.Diffs) == 0, "default"
		return r
	}
	for n := range uint64(maxSeeds + 1) {
		var chooser sim.Chooser
		chooser, r.Schedule = explore.Mixed(n)
		got, err := PlayBuffer(v, b, chooser)
		if err != nil {
			r.Diffs = []Diff{worldDiff(err)}
			return r
		}
		diffs := fromNearest(v, *got)
		if len(diffs) == 0 {
			r.Passed = true
			return r
		}
		if n == 0 {
			r.Diffs = diffs
		}
	}
	return r
}

// CheckBufferUnder plays a vector that is not racy under another schedule; nothing may change.
func CheckBufferUnder(v BufferVector, b release.Behaviors, chooser sim.Chooser, schedule string) Result {
	r := Result{ID: v.ID, Note: v.Note, Schedule: schedule, Diffs: playAndCompare(v, *v.Expect, b, chooser)}
	r.Passed = len(r.Diffs) == 0
	return r
}

func playAndCompare(v BufferVector, want BufferOutcome, b release.Behaviors, chooser sim.Chooser) []Diff {
	got, err := PlayBuffer(v, b, chooser)
	if err != nil {
		return []Diff{worldDiff(err)}
	}
	return Compare(want, *got, bufferRules())
}

// fromNearest gives the differences from the listed outcome that is most alike; none if the
// outcome is listed.
func fromNearest(v BufferVector, got BufferOutcome) []Diff {
	var nearest []Diff
	for i, want := range v.ExpectOneOf {
		diffs := Compare(want, got, bufferRules())
		if i == 0 || len(diffs) < len(nearest) {
			nearest = diffs
		}
	}
	return nearest
}

// bufferRules says which rules decide about a field; the first prefix that fits counts.
func bufferRules() []FieldRule {
	return []FieldRule{
		{"requests[].result", "B-12, 5.5"},
		{"requests[].at", "B-34, B-36, B-46"},
		{"requests[].error", "7.1"},
		{"requests[].retry_done_func", "B-26"},
		{"requests[].retry_end", "B-26, B-28"},
		{"requests", "5.5"},
		{"order", "B-46, P-14"},
		{"shutdown_returned_at", "B-65"},
		{"slots_in_use", "B-28, B-32"},
		{"probes[].slots_in_use", "B-28, B-32"},
		{"probes[].shards", "5.7"},
		{"states_at_end", "5.7"},
		{"probes[].metrics", "9"},
		{"metrics_at_end", "9"},
	}
}
