package conform

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// Reach says what a number of random schedules made of a racy vector.
type Reach struct {
	ID string `json:"id"`
	// Seeds is the number of schedules, Listed that of the listed outcomes, Reached how many of
	// those came out.
	Seeds   int `json:"seeds"`
	Listed  int `json:"listed"`
	Reached int `json:"reached"`
	// Unlisted are the outcomes that came out and are not listed, the most frequent first.
	Unlisted []Unlisted `json:"unlisted,omitempty"`
}

// Unlisted is an outcome that is not in a vector's list.
type Unlisted struct {
	// Schedule is the first one that gave the outcome, Times how many did.
	Schedule string `json:"schedule"`
	Times    int    `json:"times"`
	// Rule allows the outcome; empty if nothing is known that does.
	Rule string `json:"rule,omitempty"`
	// Diffs are the differences from the listed outcome that is most alike.
	Diffs []Diff `json:"diffs"`
}

// MeasureReach plays a racy vector under so many random schedules. A world that ends badly is
// an unlisted outcome, too.
func MeasureReach(v BufferVector, b release.Behaviors, seeds int) Reach {
	r := Reach{ID: v.ID, Seeds: seeds, Listed: len(v.ExpectOneOf)}
	listed := map[string]bool{}
	for _, want := range v.ExpectOneOf {
		listed[fingerprint(want)] = true
	}
	reached, others := map[string]bool{}, map[string]*Unlisted{}
	for n := range uint64(seeds) {
		chooser, name := explore.Mixed(n + 1)
		print, diffs := outcomeUnder(v, b, chooser)
		switch {
		case listed[print]:
			reached[print] = true
		case others[print] != nil:
			others[print].Times++
		default:
			d := diffs()
			others[print] = &Unlisted{Schedule: name, Times: 1, Rule: allowedBy(v.ID, d), Diffs: d}
		}
	}
	r.Reached = len(reached)
	for _, print := range slices.Sorted(maps.Keys(others)) {
		r.Unlisted = append(r.Unlisted, *others[print])
	}
	slices.SortStableFunc(r.Unlisted, func(a, b Unlisted) int { return cmp.Compare(b.Times, a.Times) })
	return r
}

// outcomeUnder plays a vector once. The differences from the list are worked out on demand.
func outcomeUnder(v BufferVector, b release.Behaviors, chooser sim.Chooser) (print string, diffs func() []Diff) {
	got, err := PlayBuffer(v, b, chooser)
	if err != nil {
		return err.Error(), func() []Diff { return []Diff{worldDiff(err)} }
	}
	return fingerprint(*got), func() []Diff { return fromNearest(v, *got) }
}

// fingerprint is equal for equal outcomes, and for those alone.
func fingerprint(o BufferOutcome) string {
	var b strings.Builder
	leaves := flatten(o)
	for _, path := range slices.Sorted(maps.Keys(leaves)) {
		fmt.Fprintf(&b, "%s=%s\n", path, leaves[path])
	}
	return b.String()
}
