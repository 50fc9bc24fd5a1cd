package srvtopo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
	"bufsim/topo/topotest"
	"bufsim/topo/wire"
)

// overServer runs fn with a cache over a topology server, in which the keyspace ks of
// zone1 is being watched.
func overServer(t *testing.T, implementation string, fn func(env *sim.Env, c *topotest.Cluster, ts *topo.Server, r *srvtopo.ResilientServer)) {
	c := topotest.NewClusterOf(implementation, sim.Config{MaxTime: sim.Time(2 * time.Hour)}, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	c.Client("gate", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateCellInfo(ctx, "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}))
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", &topodata.SrvKeyspace{}))
		r, err := srvtopo.NewResilientServer(env, ts, srvtopo.Options{})
		assert.NoError(t, err)
		_, err = r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		env.Sleep(time.Minute)
		fn(env, c, ts, r)
	})
	out, ok := c.Run()
	require.True(t, ok, "%v\n%s", out, out.Detail)
}

// read reads with a limit of 20 s: the error's text or "", and whether it had to wait.
func read(env *sim.Env, r *srvtopo.ResilientServer) (text string, waited bool) {
	ctx, cancel := env.WithTimeout(env.Background(), 20*time.Second)
	defer cancel()
	began := env.Now()
	if _, err := r.GetSrvKeyspace(ctx, "zone1", "ks"); err != nil {
		text = err.Error()
	}
	return text, env.Now() > began
}

// An outage of ten minutes, in which a watch of etcd2 and memorytopo just goes on: reads
// are answered at once. Those of zk2 and consul end; the raw error of consul never costs
// the value, but reads past the TTL make an attempt each and wait for it. zk2 waits in
// its attempts for a connection until they time out. spec: O-61, I-O5
func TestOutageByImplementation(t *testing.T) {
	for name, want := range map[string]struct {
		waits bool
		text  string
	}{
		wire.Etcd2: {}, wire.MemoryTopo: {}, wire.Consul: {waits: true},
		wire.ZK2: {waits: true, text: "deadline exceeded: /vitess/global/cells/zone1/CellInfo"},
	} {
		t.Run(name, func(t *testing.T) {
			overServer(t, name, func(env *sim.Env, c *topotest.Cluster, ts *topo.Server, r *srvtopo.ResilientServer) {
				env.AfterFunc(0, "crash", c.Topo.Crash)
				env.AfterFunc(10*time.Minute, "restart", c.Topo.Restart)
				env.Sleep(500 * time.Millisecond)
				text, waited := read(env, r) // younger than the TTL
				assert.Empty(t, text)
				assert.False(t, waited)
				for env.Now() < sim.Time(9*time.Minute) {
					env.Sleep(10 * time.Second)
					text, waited = read(env, r)
					assert.Equal(t, want.text, text)
					assert.Equal(t, want.waits, waited)
				}
				assert.Equal(t, want.waits, r.Counts().Errors > 10)
				env.Sleep(10 * time.Minute)
				assert.NoError(t, ts.UpdateSrvKeyspace(env.Background(), "zone1", "ks", &topodata.SrvKeyspace{Partitions: make([]topodata.Partition, 1)}))
				env.Sleep(time.Minute)
				v, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
				assert.NoError(t, err)
				assert.Len(t, v.Partitions, 1)
			})
		})
	}
}

// If the watch of etcd2 itself was ended, an outage drops the value after its TTL: the
// attempt fails with a topology error after 15 s, and routing with it. spec: O-60, O-61
func TestOutageAfterTheWatchEnded(t *testing.T) {
	overServer(t, wire.Etcd2, func(env *sim.Env, c *topotest.Cluster, _ *topo.Server, r *srvtopo.ResilientServer) {
		c.Store.CompactWatches()
		env.Sleep(100 * time.Millisecond)
		env.AfterFunc(0, "crash", c.Topo.Crash)
		env.Sleep(2 * time.Second)
		text, waited := read(env, r)
		assert.True(t, waited)
		assert.Equal(t, "deadline exceeded: /vitess/global/cells/zone1/CellInfo", text)
		assert.EqualValues(t, 2, r.Counts().Errors, "the watch, and the attempt to start it")
	})
}

// The loss of all data deletes the cached values. spec: O-60, O-92
func TestDataLoss(t *testing.T) {
	overServer(t, wire.Etcd2, func(env *sim.Env, c *topotest.Cluster, _ *topo.Server, r *srvtopo.ResilientServer) {
		env.AfterFunc(0, "crash", c.Topo.Crash)
		env.Sleep(time.Second)
		c.Store.Wipe()
		c.Topo.Restart()
		env.Sleep(time.Minute)
		text, _ := read(env, r)
		assert.Equal(t, "node doesn't exist: /vitess/global/cells/zone1/CellInfo", text)
	})
}

// Reads, those from a value that is not watched, and failures are counted. spec: topo 9
func TestCounts(t *testing.T) {
	overServer(t, wire.Consul, func(env *sim.Env, c *topotest.Cluster, _ *topo.Server, r *srvtopo.ResilientServer) {
		for range 3 {
			_, _ = read(env, r)
		}
		assert.Equal(t, srvtopo.Counts{Queries: 4}, r.Counts(), "a running watch is no cache")
		c.Store.Elect(10 * time.Second)
		env.Sleep(100 * time.Millisecond)
		_, _ = read(env, r)
		assert.Equal(t, srvtopo.Counts{Queries: 5, Cached: 1, Errors: 1}, r.Counts())
	})
}
