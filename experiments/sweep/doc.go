// Package sweep plays many runs of one scenario: one Vitess flag takes a range of
// values, the reparent has several lengths or the replicas several lags, and every
// point uses the same seeds, so that points differ by what was changed and not by
// luck. The run is the unit of all statistics.
//
// A [Plan] says what to play; [Run] plays it on all cores and gives one [Record]
// a run; [Summarise] makes points with intervals of them, [Figure] the picture.
package sweep
