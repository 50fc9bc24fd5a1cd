// Package runner builds a world from a scenario, plays it and collects what came
// out: the outcome of every statement, the phases of every reparent, the gates'
// counters, and the run's fingerprint.
//
// A run is a pure function of (scenario, release, flags, seed, version): equal
// inputs give equal [Result] values, byte for byte, on every machine.
//
//	s, err := scenario.Builtin("3", scenario.VitessOptions())
//	...
//	result, err := runner.Run(s, runner.Options{Seed: 7})
//	fmt.Println(result.Verdict)
//
// Runs share nothing but what [Options] names, so that any number of them can be
// played at a time; package sweep does. Built with the tag bufsim_canary, runs are
// broken on purpose: a test demands that the comparison of equal seeds notices.
package runner
