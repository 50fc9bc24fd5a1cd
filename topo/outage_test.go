package topo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// Calls wait for an unreachable server until their context ends, and go on after
// the outage. spec: O-7, O-36a
func TestOutage(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		outage(env, c, 20*time.Second)
		began := env.Now()
		short, cancel := env.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		_, err := ts.GetKeyspace(short, "ks")
		assert.EqualError(t, err, "deadline exceeded: /vitess/global/keyspaces/ks/Keyspace")
		assert.Equal(t, 3*time.Second, env.Now().Sub(began))
		_, err = ts.GetKeyspace(ctx, "ks")
		assert.NoError(t, err, "records survive")
		waited := env.Now().Sub(began)
		assert.Greater(t, waited, 20*time.Second)
		assert.Less(t, waited, 34*time.Second)
	})
	runCluster(t, c)
}

// A write that breaks off has an unknown outcome and is not repeated; one that was
// not sent waits for the server. spec: O-7
func TestWriteAcrossACrash(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		env.AfterFunc(latency/4, "crash", c.Topo.Crash) // while the request travels
		env.AfterFunc(5*time.Second, "restart", c.Topo.Restart)
		err := ts.CreateKeyspace(ctx, "broken", &topodata.Keyspace{})
		assert.EqualError(t, err, "deadline exceeded: /vitess/global/keyspaces/broken/Keyspace")
		assert.Less(t, time.Duration(env.Now()), time.Second)
		assert.NoError(t, ts.CreateKeyspace(ctx, "late", &topodata.Keyspace{}))
		assert.Greater(t, time.Duration(env.Now()), 5*time.Second)
	})
	runCluster(t, c)
}

// Opening fails after five seconds. spec: O-83
func TestOpen(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		assert.NoError(t, ts.Open(env.Background()))
		other := topo.NewServer(env, c.Net.Node(env), topo.Options{ServerHost: "localhost"})
		began := env.Now()
		assert.EqualError(t, other.Open(env.Background()),
			"Failed to open topo server (etcd2,localhost,/vitess/global): context deadline exceeded")
		assert.Equal(t, 5*time.Second, env.Now().Sub(began))
		other.Close()
		_, err := other.GetCellNames(env.Background())
		wantErr(t, err, topo.Interrupted)
	})
	runCluster(t, c)
}

// Cell records need the global topology too, watches do not; an outage of a cell
// leaves the others. spec: O-13, R-15, topo 12
func TestGlobalAndCellOutages(t *testing.T) {
	c := newCluster(0)
	cell2, _ := c.AddServer("topo-2")
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		addCell(t, env, ts, "zone2", "topo-2")
		for _, a := range []topodata.TabletAlias{{Cell: "zone1", UID: 100}, {Cell: "zone2", UID: 200}} {
			assert.NoError(t, ts.CreateTablet(ctx, &topodata.Tablet{Alias: a, Keyspace: "ks", Shard: "0"}))
		}
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone2", "ks", serving(1)))
		_, changes, err := ts.WatchSrvKeyspace(ctx, "zone2", "ks")
		assert.NoError(t, err)
		short := func() *sim.Context {
			ctx, cancel := env.WithTimeout(ctx, 2*time.Second)
			env.AfterFunc(3*time.Second, "cancel", cancel)
			return ctx
		}

		outage(env, c, 3*time.Second) // of the global server
		_, err = ts.GetSrvKeyspace(short(), "zone2", "ks")
		assert.EqualError(t, err, "deadline exceeded: /vitess/global/cells/zone2/CellInfo")
		_, repeated := changes.TryRecv() // the newest value may come twice, but no error
		assert.True(t, repeated)
		_, more := changes.TryRecv()
		assert.False(t, more)

		env.Sleep(time.Minute)
		env.AfterFunc(0, "outage of the cell", cell2.Crash)
		env.Sleep(time.Second)
		tablets, err := ts.GetTabletMapForShard(short(), "ks", "0")
		assert.EqualError(t, err, "partial result: keyspaces/ks/shards/0/Shard")
		assert.Equal(t, []uint32{100}, uids(tablets))
	})
	runCluster(t, c)
}

// A cell's record that names another server is followed at the next use. spec: O-14
func TestCellMoves(t *testing.T) {
	c := newCluster(0)
	_, store := c.AddServer("topo-2")
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
		_, changes, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		_, err = ts.UpdateCellInfo(ctx, "zone1", func(info *topodata.CellInfo) error { info.ServerAddress = "topo-2"; return nil })
		assert.NoError(t, err)
		_, err = ts.GetSrvKeyspace(ctx, "zone1", "ks")
		wantErr(t, err, topo.NoNode)
		for { // spec: O-26
			msg, ok := changes.Recv()
			if !ok {
				break
			}
			assert.NoError(t, msg.Err)
		}
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(2)))

		_, err = ts.UpdateCellInfo(ctx, "zone1", func(info *topodata.CellInfo) error { info.ServerAddress = "nowhere"; return nil })
		assert.NoError(t, err)
		_, err = ts.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.EqualError(t, err, "failed to create topo connection to nowhere, /vitess/zone1: context deadline exceeded")
	})
	runCluster(t, c)
	require.Equal(t, []string{"/vitess/zone1/keyspaces/ks/SrvKeyspace"}, store.Keys("/"))
}

// A lost disk means that nothing is there, and that watches end. spec: O-92
func TestDataLoss(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
		_, changes, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		env.AfterFunc(0, "crash", c.Topo.Crash)
		env.Sleep(time.Second)
		c.Store.Wipe()
		c.Topo.Restart()
		for {
			msg, ok := changes.Recv()
			if !ok {
				break
			}
			if msg.Err != nil {
				wantErr(t, msg.Err, topo.NoNode)
			}
		}
		_, err = ts.GetCellInfo(ctx, "zone1")
		wantErr(t, err, topo.NoNode)
	})
	runCluster(t, c)
}

// Reads beyond the limit queue; writes do not. spec: O-11
func TestReadConcurrency(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{ReadConcurrency: 2}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		c.Net.SetLatency("client", "topo", sim.Constant(time.Second))
		c.Net.SetLatency("topo", "client", sim.Constant(0))
		began := env.Now()
		group := env.NewWaitGroup("reads")
		for range 6 {
			group.Go("read", func() {
				_, err := ts.GetKeyspace(ctx, "ks")
				assert.NoError(t, err)
			})
		}
		env.Sleep(time.Millisecond)
		assert.NoError(t, ts.SaveRoutingRules(ctx, []topodata.RoutingRule{{FromTable: "t"}}))
		assert.Less(t, env.Now().Sub(began), 1100*time.Millisecond)
		group.Wait()
		assert.Equal(t, 3*time.Second, env.Now().Sub(began))
	})
	runCluster(t, c)
}
