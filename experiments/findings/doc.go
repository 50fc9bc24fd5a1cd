// Package findings plays what the search for unknown faults of the failover has found: each
// finding is a page and a scenario file under docs/findings, and this package holds that the
// file still shows it.
//
//   - [All] lists the findings: which releases show each, what shows it no more, which rules
//     foretold it.
//   - [Finding.Play] plays its case as `bufsim run` does; [Run.Shows] says whether that command
//     would exit with 1, and [Run.Timeline] tells what happened.
//
// What was examined and did not show, or is outside the model, stands in docs/findings/README.md
// only: there is nothing to play.
//
// # Invariants
//
//   - Each finding shows with the first seed in every release that it names, and in no release
//     that it excludes.
//   - Each remedy was played: with it the case does not show.
//
// # Example
//
//	f, _ := findings.Lookup("read-only-flip")
//	run, err := f.Play("v24", 1)
//	fmt.Println(run.Shows(), run.Seen())
package findings
