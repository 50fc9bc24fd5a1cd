// Package metrics holds counters and gauges with labels and writes them in the
// Prometheus text format. It models what Vitess's stats package offers to its users:
// names, types, labels and values; everything else of that package is left out
// (rates, expvar, export of the process's own figures). Durations are not counted here: a
// snapshot can be given the histograms that others keep.
//
// Invariants: the output is a pure function of the values, that is families are sorted by
// name, series by their label values, labels by name; counting is no choice point of the
// scheduler, so it never changes a run; every operation is safe for use by several procs.
//
//	reg := metrics.NewRegistry(env)
//	starts := reg.Register(metrics.Family{
//		Name: "vtgate_buffer_starts", Help: "Failovers that were buffered.",
//		Type: metrics.Counter, Labels: []string{"keyspace", "shard_name"},
//	})
//	starts.With("commerce", "0").Add(1)
//	fmt.Print(reg.Snapshot().Text())
package metrics
