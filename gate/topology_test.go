package gate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
	"bufsim/topo/topotest"
)

// prepare writes the records of a keyspace with one shard, but no serving records.
func prepare(ctx *sim.Context, ts *topo.Server, tablet topodata.Tablet) error {
	return errors.Join(
		ts.CreateCellInfo(ctx, "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}),
		ts.CreateKeyspace(ctx, "commerce", &topodata.Keyspace{}),
		ts.CreateShard(ctx, "commerce", "0"),
		ts.CreateTablet(ctx, &tablet),
	)
}

// A gate over a real topology server: it rebuilds what the cell lacks, finds the tablet, and
// goes on serving while the topology is down. spec: G-83, O-61, O-81
func TestOverTheRealTopology(t *testing.T) {
	c := topotest.NewCluster(sim.Config{}, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	record := gatetest.Record("zone1-100", "commerce", "0", topodata.Primary)
	c.World.AddHost("zone1-100", sim.HostOptions{}, func(env *sim.Env) {
		tablet := gatetest.NewTablets(env).Add(record)
		tablet.Serve(c.Net.Node(env))
		tablet.Say(true, 1000)
	})
	set := flags.Defaults(release.Latest())
	set.VTGate.TabletTypesToWait, set.VTGate.EnableBuffer = "PRIMARY", true
	var prepared, started error
	var startedAt sim.Time
	var answers []error
	c.Client("operator", topo.Options{}, func(env *sim.Env, ts *topo.Server) { prepared = prepare(env.Background(), ts, record) })
	c.World.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(time.Second)
		node := c.Net.Node(env)
		ts := topo.NewServer(env, node, topo.Options{})
		srv, err := srvtopo.NewResilientServer(env, ts, srvtopo.Options{})
		if err != nil {
			panic(err)
		}
		g := gate.New(env, node, ts, srv, gate.Options{Cell: "zone1", CellsToWatch: []string{"zone1"}, Flags: set, Release: release.Latest()})
		started = g.Start(env.Background())
		startedAt = env.Now()
	})
	c.Client("client", topo.Options{}, func(env *sim.Env, _ *topo.Server) {
		conn := c.Net.Node(env).Dial("gate-1", simnet.DialOptions{})
		ask := func() {
			resp, err := conn.Call(env.Background(), query.MethodConnect, &query.ConnectRequest{Database: "commerce"})
			if err == nil {
				_, err = conn.Call(env.Background(), query.MethodComQuery, &query.ComQuery{
					ConnectionID: resp.(*query.ConnectResponse).ConnectionID, Statement: query.Statement{Verb: query.VerbInsert, Table: "customer", Key: 1},
				})
			}
			answers = append(answers, err)
		}
		env.Sleep(3 * time.Second)
		ask()
		c.Topo.Crash()
		env.Sleep(2 * time.Minute)
		ask()
	})
	out, ok := c.Run()
	require.True(t, ok, "%s\n%s", out.String(), out.Detail)
	require.NoError(t, prepared)
	require.NoError(t, started)
	require.Less(t, startedAt, sim.Time(1500*time.Millisecond))
	require.Equal(t, []error{nil, nil}, answers)
}
