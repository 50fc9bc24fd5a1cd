// Command bufsim plays the failover buffering of Vitess's VTGate in a
// deterministic simulation: scenarios, sweeps and figures.
//
// Results go to stdout, talk and progress to stderr. Exit codes: 0 ok, 1 finding,
// 2 usage, 3 a fault of bufsim itself, 4 inconclusive, 130 interrupted.
package main

import (
	"os"
)

func main() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
