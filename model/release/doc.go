// Package release describes the Vitess releases that can be simulated: v12 to v24 and
// main. A Profile holds the defaults that depend on the release, and Behaviors, a struct
// of named switches, one for each documented difference that changes an outcome. That
// includes the bugs a release really had.
//
// Code asks a switch, never a version: `if b.StoppedRecheck { ... }`. So a single
// difference can be tried alone by changing one field of a copy.
//
// The plain name of a release line (v19) stands for its newest patch release, with the fixes
// that were ported back to it; v23.0.0 is kept besides v23 because a fix between the two
// matters. Left out: what differs only in looks, and features that are not simulated.
//
// Invariant: All is in order of age, and each name occurs once.
//
//	p, err := release.Lookup("v19")
//	fmt.Println(p.Behaviors.DrainConcurrencyHonoured, err) // true <nil>
package release
