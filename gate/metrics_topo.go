package gate

import (
	"bufsim/gate/metrics"
	"bufsim/topo"
)

// topoMetrics are the counters that the gate's topology client and its cache of the serving
// graph keep. Series exist from the first call on. spec: O-12, W-60, topo 9
func (g *Gate) topoMetrics() []metrics.FamilySnapshot {
	labels := []string{"operation", "cell"}
	operations := metrics.FamilySnapshot{Family: metrics.Family{
		Name: "vtgate_topology_conn_operations", Help: "Calls to the topology and their time.", Type: metrics.Histogram, Labels: labels,
	}}
	waits := metrics.FamilySnapshot{Family: metrics.Family{
		Name: "vtgate_topology_conn_read_waits", Help: "Waits of reads for others to end.", Type: metrics.Histogram, Labels: labels,
	}}
	errors := metrics.FamilySnapshot{Family: metrics.Family{
		Name: "vtgate_topology_conn_errors", Help: "Calls to the topology that failed.", Type: metrics.Counter, Labels: labels,
	}}
	for _, n := range g.topo.ConnCounts() {
		series := []metrics.Label{{Name: "cell", Value: n.Cell}, {Name: "operation", Value: string(n.Operation)}}
		operations.Histograms = append(operations.Histograms, histogram(series, n.Calls))
		if n.ReadWaits.Count > 0 {
			waits.Histograms = append(waits.Histograms, histogram(series, n.ReadWaits))
		}
		if n.Errors > 0 {
			errors.Samples = append(errors.Samples, metrics.Sample{Name: errors.Family.Name, Labels: series, Value: n.Errors})
		}
	}
	return []metrics.FamilySnapshot{operations, waits, errors, g.srvTopoMetrics()}
}

// srvTopoMetrics are Vitess's ResilientSrvTopoServer. spec: topo 9
func (g *Gate) srvTopoMetrics() metrics.FamilySnapshot {
	f := metrics.FamilySnapshot{Family: metrics.Family{
		Name: "vtgate_resilient_srv_topo_server", Help: "Reads of the serving graph, by how they ended.", Type: metrics.Counter, Labels: []string{"type"},
	}}
	n := g.srv.Counts()
	for _, c := range []struct {
		kind  string
		value int64
	}{{"cached", n.Cached}, {"error", n.Errors}, {"query", n.Queries}} {
		if c.value > 0 {
			f.Samples = append(f.Samples, metrics.Sample{Name: f.Family.Name, Labels: []metrics.Label{{Name: "type", Value: c.kind}}, Value: c.value})
		}
	}
	return f
}

func histogram(labels []metrics.Label, t topo.Timings) metrics.HistogramSample {
	bounds := topo.TimingBounds()
	return metrics.HistogramSample{Labels: labels, Bounds: bounds[:], Buckets: t.Buckets[:], Sum: t.Total}
}
