// Package groundtruth plays the shapes of runs that were measured on a real Vitess
// cluster and compares what came out: the same tablets, load, flags, operations and
// replication delay, release v24.
//
//	measured.go   the records, both series, read strictly
//	ops.go        what the sentences about operations mean; staging.go who is meant by them
//	note.go       what only a note tells
//	shape.go      the scenario that a record was; machine.go the times of its machine
//	figures.go    what is compared: errors, counters, durations, log lines, health messages
//	compare.go    the verdict on each figure; report.go the tables
//	phases.go     instants inside reparents, from which the machine's times are computed
//
// A figure is equal if every simulated run has the measured value, in range if timing decides
// and the value lies within the simulated ones; else it is not explained and listed as such.
// Nothing is tuned to a single run: the durations come from all records together.
package groundtruth
