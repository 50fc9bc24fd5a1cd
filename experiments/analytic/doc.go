// Package analytic computes by formula how many statements fail in an outage of the primary
// when the gate buffers. It is a check on the simulation and shares no code with it.
//
// Assumptions: buffering begins with the outage and ends with it, the buffer has room for
// all, each request is held for a window at most and fails when its window ends within the
// outage, and statements take no time when the primary serves. [Closed] is a population of
// clients that wait for each answer, [Poisson] are arrivals that do not.
//
//	n, err := analytic.Closed{Clients: 20, ThinkMin: 50 * time.Millisecond, ThinkMax: 150 * time.Millisecond,
//		Reconnect: 50 * time.Millisecond}.Failures(2*time.Second, 5*time.Second)
package analytic
