package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
	"bufsim/topo/topotest"
)

// A gate's metrics page has what its topology client and its cache of the serving graph count:
// calls and their time by operation and cell, errors, waits, and how reads of the cache ended.
// spec: O-12, W-60, topo 9
func TestTopologyMetrics(t *testing.T) {
	c := topotest.NewCluster(sim.Config{}, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	set := flags.Defaults(release.Latest())
	set.VTGate.TabletTypesToWait, set.VTGate.GatewayInitialTabletTimeout = "PRIMARY", time.Second
	var page string
	record := gatetest.Record("zone1-100", "commerce", "0", topodata.Primary)
	c.Client("operator", topo.Options{}, func(env *sim.Env, ts *topo.Server) { assert.NoError(t, prepare(env.Background(), ts, record)) })
	c.Client("gate-1", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(time.Second)
		srv, err := srvtopo.NewResilientServer(env, ts, srvtopo.Options{})
		assert.NoError(t, err)
		g := gate.New(env, c.Net.Node(env), ts, srv, gate.Options{Cell: "zone1", CellsToWatch: []string{"zone1"}, Flags: set, Release: release.Latest()})
		assert.NotContains(t, g.Metrics(), "topology_conn", "nothing has happened")
		assert.NoError(t, g.Start(env.Background()))
		page = g.Metrics()
	})
	out, ok := c.Run()
	require.True(t, ok, "%s\n%s", out.String(), out.Detail)
	value := func(series string) float64 {
		var parser expfmt.TextParser
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		require.NoError(t, err)
		name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		for _, m := range families[name].GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetName()+"="+l.GetValue())
			}
			if strings.Join(have, ",") == labels {
				return m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		return 0
	}
	for _, series := range []string{
		"vtgate_topology_conn_operations{cell=global,operation=Get}", "vtgate_topology_conn_operations{cell=zone1,operation=Watch}",
		"vtgate_topology_conn_read_waits{cell=zone1,operation=Get}", "vtgate_resilient_srv_topo_server{type=query}",
		"vtgate_topology_conn_errors{cell=zone1,operation=Get}", // the serving records that the gate had to make
	} {
		require.Positive(t, value(series), series)
	}
}
