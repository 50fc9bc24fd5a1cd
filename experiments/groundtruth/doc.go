// Package groundtruth plays the shapes of runs that were measured on a real Vitess
// cluster and compares what came out: the same tablets, load, flags, operations and
// replication delay, release v24.
//
// Counters and error texts that do not depend on timing must be equal; counts that
// do must lie in the range of the simulator over many seeds. Nothing is tuned to a
// single run: the durations come from the medians of all recorded reparents.
package groundtruth
