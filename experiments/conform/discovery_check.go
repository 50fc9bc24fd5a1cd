package conform

import (
	"bufsim/model/release"
	"bufsim/sim"
)

// Recorded is the behaviour that the discovery vectors were recorded from: the newest one,
// without a change of the watcher that came half a year later.
// spec: D-63
func Recorded() release.Behaviors {
	b := Newest()
	b.MoveTablesStateGated = false
	return b
}

// CheckDiscovery plays a vector and compares. The outcome does not depend on the schedule, so
// any chooser must do.
func CheckDiscovery(v DiscoveryVector, b release.Behaviors, chooser sim.Chooser, schedule string) Result {
	r := Result{ID: v.ID, Note: v.Note, Schedule: schedule}
	got, err := PlayDiscovery(v, b, chooser)
	if err != nil {
		r.Diffs = []Diff{worldDiff(err)}
		return r
	}
	r.Diffs = Compare(*v.Expect, *got, discoveryRules())
	r.Passed = len(r.Diffs) == 0
	return r
}

// discoveryRules says which rules decide about a field.
func discoveryRules() []FieldRule {
	return []FieldRule{
		{"events", "D-54..D-68"},
		{"answers[].marked", "D-65"},
		{"answers[].being_resharded", "D-71"},
		{"answers[].should_start_buffering", "D-72"},
		{"answers[].primary", "D-58"},
		{"answers[].healthy", "D-33..D-37"},
		{"answers", "5.5"},
		{"requests[].attempts", "G-25, G-27"},
		{"requests[].error", "G-22..G-28"},
		{"requests", "G-20..G-34"},
	}
}
