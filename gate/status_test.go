package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// The status page, before and after the primary died: calls are counted, not requests; the cache
// shows all tablets with what ails them, the other table those that are used.
// spec: G-89, G-90, G-91, D-41, D-43
func TestStatusPage(t *testing.T) {
	const before = `Gateway Status
Keyspace	Shard	TabletType	Query Sent	Query Error	QPS (avg 1m)	Latency (ms) (avg 1m)
commerce	0	PRIMARY	2	1	0.03	2.00
commerce	0	REPLICA	1	0	0.01	2.00

Health Check - Cache
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	PRIMARY	zone1-0000000100 (PrimaryTermStartTime: 1000)
zone1	commerce	0	REPLICA	zone1-0000000101 (RepLag: 7)
				zone1-0000000102 (Not Serving)

Health Check - Healthy Tablets
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	PRIMARY	zone1-0000000100 (PrimaryTermStartTime: 1000)
zone1	commerce	0	REPLICA	zone1-0000000101 (RepLag: 7)
`
	const after = `Gateway Status
Keyspace	Shard	TabletType	Query Sent	Query Error	QPS (avg 1m)	Latency (ms) (avg 1m)
commerce	0	PRIMARY	2	1	0.00	0.00
commerce	0	REPLICA	1	0	0.00	0.00

Health Check - Cache
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	PRIMARY	zone1-0000000100 (vttablet: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp zone1-100:15991: connect: connection refused")
				zone1-0000000102 (PrimaryTermStartTime: 2000)
zone1	commerce	0	REPLICA	zone1-0000000101 (RepLag: 7)

Health Check - Healthy Tablets
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	PRIMARY	zone1-0000000102 (PrimaryTermStartTime: 2000)
zone1	commerce	0	REPLICA	zone1-0000000101 (RepLag: 7)
`
	var pages []string
	records := append(unsharded(), gatetest.Record("zone1-102", "commerce", "0", topodata.Replica))
	c := play(t, records, []string{"0"}, func(c *cluster) {
		a, b, third := c.tablets["zone1-100"], c.tablets["zone1-101"], c.tablets["zone1-102"]
		b.SayLag(7)
		third.Say(false, 0)
		m := c.connect("commerce")
		m.do(query.VerbSelect)
		a.Answer = refusing(gatetest.ErrApplication())
		m.do(query.VerbSelect)
		c.connect("commerce@replica").do(query.VerbSelect)
		pages = append(pages, c.gate.Status())
		c.net.Refuse("zone1-100")
		c.net.Reset("gate-1", "zone1-100")
		promote(third, 2000)
		c.env.Sleep(2 * time.Minute)
		pages = append(pages, c.gate.Status())
	})
	require.Equal(t, before, pages[0])
	require.Equal(t, after, pages[1])
	series := c.gate.Snapshot().Map()
	require.EqualValues(t, 1, series[`vtgate_healthcheck_connections{keyspace="commerce",shard_name="0",tablet_type="primary"}`])
	require.EqualValues(t, 1, series[`vtgate_healthcheck_connections{keyspace="commerce",shard_name="0",tablet_type="replica"}`])
	require.EqualValues(t, 1, series[`vtgate_healthcheck_primary_promoted{keyspace="commerce",shard_name="0"}`])
}

// Up to v18 there is one table, and a gate that has not started has none. spec: G-89
func TestStatusPageOfV18(t *testing.T) {
	var page string
	play(t, unsharded(), []string{"0"}, func(c *cluster) { page = c.gate.Status() }, releaseNamed("v18"))
	require.Equal(t, `Gateway Status
Keyspace	Shard	TabletType	Query Sent	Query Error	QPS (avg 1m)	Latency (ms) (avg 1m)

Health Check Cache
Cell	Keyspace	Shard	TabletType	TabletHealth
zone1	commerce	0	PRIMARY	zone1-0000000100 (PrimaryTermStartTime: 1000)
zone1	commerce	0	REPLICA	zone1-0000000101 (RepLag: 0)
`, page)
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { page = gate.New(env, nil, nil, nil, gate.Options{}).Status() })
	require.Equal(t, sim.Finished, w.Run().Kind)
	require.Equal(t, "The gate has not started.\n", page)
}
