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
// A [Sweep] plays many runs in parallel; the run is the unit of its statistics.
package runner
