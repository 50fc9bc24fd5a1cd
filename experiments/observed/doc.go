// Package observed reads what a real system says about itself: a gate's counters as
// /metrics or /debug/vars give them, and its query log (package querylog). From these
// come the traffic that an operator has, and the buffer's figures that a simulation
// has to explain.
//
// Counters count from the start of the process; what happened in between two
// snapshots is their difference, and a counter that went back means a restart
// (spec: W-62).
package observed
