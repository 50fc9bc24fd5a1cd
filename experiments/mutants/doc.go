// Package mutants proves that the tests see: it holds a battery of seeded bugs against them.
//
// A mutant is one small fault, as a tired programmer would make it: a file under
// testdata/mutants that names what it breaks and replaces a few lines of one source file. It is
// applied through `go test -overlay` and never gets into the tree. The tests of the mutated
// package must fail with it, or else those of the packages that use it; a mutant that survives
// shows a missing test.
//
//   - [Load] reads the mutants, [Mutant.Apply] makes the faulty source.
//   - [Battery.Run] tries mutants and tells what caught each; it remembers the answers, so that
//     a battery that was interrupted goes on where it was.
//   - [Page] writes docs/mutants.md.
//
// `make mutants` runs the whole battery; the tests of this package hold that each mutant still
// applies and compiles, and try a few quick ones.
//
// # Invariants
//
//   - A mutant's text occurs exactly once in its file, its rules exist, its id is unique.
//   - A mutant that does not compile is an error of the battery, not a catch.
//   - Tests draw from fixed seeds here, so that equal trees give equal answers.
//
// # Example
//
//	all, err := mutants.Load(root)
//	results, err := (&mutants.Battery{Root: root, Jobs: 2}).Run(ctx, all)
//	for _, r := range results {
//		fmt.Println(r.Mutant.ID, r.Caught(), r.Catch.Test)
//	}
package mutants
