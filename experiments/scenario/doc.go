// Package scenario is the file format of bufsim's experiments: what cluster
// runs, what its clients do, what its operator does, and what is judged.
//
// A scenario is a YAML file. [Load] reads it strictly, fills in every default
// and checks that it can be played; the built-in scenarios, among them the
// seven of the published guide on VTGate buffering, are found with [Builtin].
// Nothing here runs a scenario. What Vitess's releases and flags are is asked of
// checkers in [Options]; [VitessOptions] are the usual ones.
//
// What is left out: YAML anchors, aliases and tags (a scenario is read by
// people), includes, and variables.
//
// Invariants kept:
//   - Every mistake is reported with file, line and column, the line itself
//     and what may be written instead; mistakes of one kind come together.
//   - A loaded scenario has no hidden defaults: [Scenario.Marshal] prints all
//     of it, and loading that text gives an equal value.
//   - No input makes [Load] panic.
//
// Example:
//
//	s, err := scenario.Load("my.yaml", src, scenario.VitessOptions())
//	if err != nil {
//		return err // prints the places of all mistakes
//	}
//	fmt.Printf("%s\n", s.Marshal())
package scenario
