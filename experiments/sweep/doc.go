// Package sweep plays many runs of a scenario. A [Plan] has axes: Vitess flags, the
// length of the reparent's outage, the replicas' lag, the traffic, the release, the
// scenario. Its points are the grid of all values, or a number of random ones; every
// point plays the same seeds, so that points differ by what was changed and not by
// luck. The run is the unit of all statistics.
//
// [Plan.Resolve] looks everything up and checks it; [Run] plays it on all cores and
// gives one [Record] a run, in the plan's order, whatever the cores did. Records go
// to a file as they come, so that an interrupted sweep is resumed and shards of one
// plan are merged to the very bytes of the whole. A [Tally] makes a [Summary] of
// each point, [Figure] the picture.
package sweep
