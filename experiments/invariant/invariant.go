package invariant

import (
	"fmt"
	"slices"
	"strings"

	"bufsim/model/spelling"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// Invariant is one thing that holds in every good run.
type Invariant struct {
	// ID names it on the command line and in signatures.
	ID string
	// Meaning is one sentence for users.
	Meaning string
	// Rules are the rules that demand it, such as "R-220".
	Rules []string
	// Kinds are the kinds and families of events that its checker sees.
	Kinds []string
	// New makes the checker of one run.
	New func(Facts) Checker
	// Fail fails a test with a violation. Each invariant has a function of its own, so that
	// tools that tell failures apart by where they happen can.
	Fail func(Reporter, Violation)
}

// Checker watches one run for one invariant. It is used by one goroutine.
type Checker interface {
	// Record sees an event; it must not keep its fields.
	Record(e trace.Event)
	// Finish tells that the run is over.
	Finish(end End)
	// Violations are those found so far, in the order in which they were found.
	Violations() []Violation
}

// End is how a run ended.
type End struct {
	Time sim.Time
	// Recovered says that the run had a recovery phase and came to its end, so that
	// liveness can be judged. Healed is when the faults had stopped.
	Recovered bool
	Healed    sim.Time
}

// Reporter is what of a testing.T or a rapid.T a failing invariant needs.
type Reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Violation is an invariant that did not hold.
type Violation struct {
	Invariant string `json:"invariant"`
	Meaning   string `json:"meaning"`
	// Object is the tablet, shard, gate, row or operation that it did not hold for.
	Object string `json:"object"`
	// At is when it was seen first, Count how often.
	At     sim.Time `json:"at_ns"`
	Count  int      `json:"count"`
	Detail string   `json:"detail"`
	// Excused names the condition of the promise that the run did not keep; "" for a
	// finding.
	Excused string `json:"excused,omitempty"`
	// Events are lines of the trace that show it.
	Events []string `json:"events,omitempty"`
}

// Signature groups violations of many runs: the same invariant on the same object.
func (v Violation) Signature() string { return v.Invariant + " " + v.Object }

// Finding reports whether nothing excuses the violation.
func (v Violation) Finding() bool { return v.Excused == "" }

// String is the violation in one paragraph, events below.
func (v Violation) String() string {
	excuse := ""
	if v.Excused != "" {
		excuse = " (excused: " + v.Excused + ")"
	}
	head := fmt.Sprintf("%s: %s at %s: %s%s", v.Invariant, v.Object, v.At, v.Detail, excuse)
	return strings.Join(append([]string{head}, v.Events...), "\n  ")
}

// All lists the invariants, in the order in which they are told.
func All() []Invariant {
	return slices.Concat(writeInvariants(), []Invariant{linearRows()}, writerInvariants(), termInvariants(), reparentInvariants(), gateInvariants(), bufferInvariants(), livenessInvariants())
}

// Lookup finds an invariant by its id.
func Lookup(id string) (Invariant, error) {
	var ids []string
	for _, inv := range All() {
		if inv.ID == id {
			return inv, nil
		}
		ids = append(ids, inv.ID)
	}
	hint := ""
	if near, ok := spelling.Nearest(id, ids); ok {
		hint = ", did you mean " + near + "?"
	}
	return Invariant{}, fmt.Errorf("there is no invariant %q%s", id, hint)
}

// Parse reads a list of ids with commas; "all" and "none" stand alone.
func Parse(list string) ([]Invariant, error) {
	switch list {
	case "all":
		return All(), nil
	case "none":
		return nil, nil
	}
	var chosen []Invariant
	for id := range strings.SplitSeq(list, ",") {
		inv, err := Lookup(strings.TrimSpace(id))
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, inv)
	}
	return chosen, nil
}
