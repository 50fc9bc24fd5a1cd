// Command bufsim plays the failover buffering of Vitess's VTGate in a
// deterministic simulation: scenarios, sweeps and figures.
//
// Results go to stdout, talk and progress to stderr. Exit codes: 0 ok, 1 finding,
// 2 usage, 3 a fault of bufsim itself, 4 inconclusive, 130 interrupted.
package main

import (
	"os"
	"runtime/debug"
)

// gcPercent makes garbage collection rarer than Go's default: a run's garbage is small against
// any machine's memory, and collecting it costs a sixth of a sweep's time.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
