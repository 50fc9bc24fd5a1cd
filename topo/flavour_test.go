package topo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/topotest"
	"bufsim/topo/wire"
)

// clusterOf is newCluster for an implementation.
func clusterOf(implementation string, seed uint64) *topotest.Cluster {
	cfg := sim.Config{Seed: seed, MaxTime: sim.Time(48 * time.Hour)}
	if seed > 0 {
		cfg.Chooser = explore.NewRandom(seed, true)
	}
	return topotest.NewClusterOf(implementation, cfg, simnet.Options{Latency: sim.Uniform(latency/2, latency)})
}

// each runs fn on a cluster of each implementation, with what that one is expected to
// do: the values are those of etcd2, zk2, consul and memorytopo.
func each[T any](t *testing.T, want [4]T, fn func(t *testing.T, c *topotest.Cluster, want T)) {
	for i, name := range topo.Implementations() {
		t.Run(name, func(t *testing.T) {
			c := clusterOf(name, 0)
			fn(t, c, want[i])
			runCluster(t, c)
		})
	}
}

// result is how a call ended and after how many whole seconds.
func result(env *sim.Env, call func() error) string {
	began := env.Now()
	text := "ok"
	if err := call(); err != nil {
		text = err.Error()
	}
	return fmt.Sprintf("%s after %d s", text, env.Now().Sub(began)/time.Second)
}

// Whether a program starts while the server is down depends on the implementation.
// spec: O-83, topo 7
func TestOpenWhileDown(t *testing.T) {
	const refused = "Failed to open topo server (etcd2,topo:2379,/vitess/global): context deadline exceeded after 5 s"
	each(t, [4]string{refused, "ok after 0 s", "ok after 0 s", "ok after 0 s"}, func(t *testing.T, c *topotest.Cluster, want string) {
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			env.AfterFunc(0, "crash", c.Topo.Crash)
			env.Sleep(time.Second)
			opts := ts.Options()
			opts.ServerHost = "topo:2379"
			assert.Equal(t, want, result(env, func() error {
				_, err := topo.OpenServer(env.Background(), env, c.Net.Node(env), opts)
				return err
			}))
		})
	})
}

// Programs that are not told where the topology is, or that are told of one that there
// is not, end with these texts. spec: O-1, O-7, O-83
func TestOpenRefusals(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, _ *topo.Server) {
		ctx, node := env.Background(), c.Net.Node(env)
		for _, x := range []struct {
			opts topo.Options
			want string
		}{
			{topo.Options{GlobalRoot: "/vitess/global"}, "topo-global-server-address must be configured"},
			{topo.Options{ServerHost: "topo:2379"}, "topo-global-root must be non-empty"},
			{
				topo.Options{Implementation: "etcd", ServerHost: "topo:2379", GlobalRoot: "/vitess/global"},
				"Failed to open topo server (etcd,topo:2379,/vitess/global): no such topology implementation etcd",
			},
		} {
			_, err := topo.OpenServer(ctx, env, node, x.opts)
			assert.EqualError(t, err, x.want)
		}
		_, err := topo.NewServer(env, node, topo.Options{Implementation: "etcd"}).GetCellNames(ctx)
		wantErr(t, err, topo.NoImplementation)
	})
	runCluster(t, c)
}

// What callers with three seconds see of a server that is gone. spec: O-7, O-29, topo 7
func TestUnreachable(t *testing.T) {
	const timeout = "deadline exceeded: /vitess/global/keyspaces/ks/Keyspace after 3 s"
	each(t, [4]string{timeout, timeout, "dial tcp topo: connect: connection refused after 0 s", timeout}, func(t *testing.T, c *topotest.Cluster, want string) {
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			assert.NoError(t, ts.CreateKeyspace(env.Background(), "ks", &topodata.Keyspace{}))
			env.AfterFunc(0, "crash", c.Topo.Crash)
			env.Sleep(time.Second)
			ctx, cancel := env.WithTimeout(env.Background(), 3*time.Second)
			defer cancel()
			assert.Equal(t, want, result(env, func() error {
				_, err := ts.GetKeyspace(ctx, "ks")
				return err
			}))
		})
	})
}

// The address "unreachable" of memorytopo blocks until the context ends. spec: O-29
func TestUnreachableAddress(t *testing.T) {
	c := clusterOf(wire.MemoryTopo, 0)
	c.Client("client", topo.Options{ServerHost: "unreachable"}, func(env *sim.Env, ts *topo.Server) {
		ctx, cancel := env.WithTimeout(env.Background(), time.Minute)
		defer cancel()
		assert.Equal(t, "deadline exceeded: /vitess/global/cells after 60 s", result(env, func() error {
			_, err := ts.GetCellNames(ctx)
			return err
		}))
	})
	runCluster(t, c)
}

// A call that breaks off is made again only by zk2, once and after some seconds.
// spec: O-7, topo 7
func TestCallBreaksOff(t *testing.T) {
	const path = "/vitess/global/keyspaces/ks/Keyspace"
	wants := [4]string{"deadline exceeded: " + path, "ok", "read tcp topo: read: connection reset by peer", "deadline exceeded: " + path}
	each(t, wants, func(t *testing.T, c *topotest.Cluster, want string) {
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			_, err := ts.GetCellNames(env.Background())
			assert.NoError(t, err)
			env.AfterFunc(latency/4, "crash", c.Topo.Crash) // while the request travels
			env.AfterFunc(latency, "restart", c.Topo.Restart)
			began := env.Now()
			err = ts.CreateKeyspace(env.Background(), "ks", &topodata.Keyspace{})
			if want == "ok" {
				assert.NoError(t, err)
				assert.InDelta(t, 3500*time.Millisecond, env.Now().Sub(began), float64(2510*time.Millisecond))
			} else {
				assert.EqualError(t, err, want)
			}
		})
	})
	c := clusterOf(wire.ZK2, 0) // broken off twice
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		_, err := ts.GetCellNames(env.Background())
		assert.NoError(t, err)
		for _, at := range []time.Duration{0, 7 * time.Second} {
			env.AfterFunc(at+latency/4, "crash", c.Topo.Crash)
			env.AfterFunc(at+latency, "restart", c.Topo.Restart)
		}
		c.Store.Slow(sim.Constant(20 * time.Second))
		assert.EqualError(t, ts.CreateKeyspace(env.Background(), "ks", &topodata.Keyspace{}), "zk: connection closed")
	})
	runCluster(t, c)
}

// Who listens to its context when the answer takes longer than it lives.
// spec: O-94, topo 7
func TestContextDuringACall(t *testing.T) {
	const timeout = "deadline exceeded: /vitess/global/cells after 1 s"
	each(t, [4]string{timeout, "ok after 3 s", "ok after 3 s", timeout}, func(t *testing.T, c *topotest.Cluster, want string) {
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			_, err := ts.GetCellNames(env.Background())
			assert.NoError(t, err)
			c.Store.Slow(sim.Constant(3 * time.Second))
			ctx, cancel := env.WithTimeout(env.Background(), time.Second)
			defer cancel()
			assert.Equal(t, want, result(env, func() error {
				_, err := ts.GetCellNames(ctx)
				return err
			}))
		})
	})
}

// zk2 has at most 64 calls in flight, writes included; the others have no such limit.
// spec: O-11, topo 7
func TestCallsInFlight(t *testing.T) {
	each(t, [4]time.Duration{1, 2, 1, 1}, func(t *testing.T, c *topotest.Cluster, want time.Duration) {
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			_, err := ts.GetCellNames(env.Background())
			assert.NoError(t, err)
			c.Store.Slow(sim.Constant(time.Second))
			began := env.Now()
			group := env.NewWaitGroup("writes")
			for i := range 65 {
				group.Go("write", func() {
					assert.NoError(t, ts.CreateKeyspace(env.Background(), fmt.Sprint("ks", i), &topodata.Keyspace{}))
				})
			}
			group.Wait()
			assert.Equal(t, want, env.Now().Sub(began)/time.Second)
		})
	})
}

// Only ZooKeeper has read-only servers: cells are looked up there, and writes are
// refused. spec: O-2, O-10, O-13
func TestObservers(t *testing.T) {
	each(t, [4]bool{false, true, false, false}, func(t *testing.T, c *topotest.Cluster, observed bool) {
		c.AddObserver("observer")
		c.Client("client", topo.Options{ServerHost: "topo:2181|observer:2181"}, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			addCell(t, env, ts, "zone1", "topo")
			conn, err := ts.ConnForCell(ctx, topo.GlobalReadOnlyCell)
			assert.NoError(t, err)
			global, err := ts.ConnForCell(ctx, topo.GlobalCell)
			assert.NoError(t, err)
			assert.Equal(t, observed, conn != global)
			if !observed {
				return
			}
			_, err = conn.Create(ctx, "a/File", "x")
			assert.EqualError(t, err, "cannot perform Create on a/File as the topology server connection is read-only")
			assert.Equal(t, "READ_ONLY", err.(interface{ Code() string }).Code())
			_, err = conn.TryLock(ctx, "a", "x")
			assert.EqualError(t, err, "cannot perform TryLock on a as the topology server connection is read-only")
			assert.Error(t, conn.Delete(ctx, "a/File", topo.AnyVersion))
			_, changes, err := conn.Watch(ctx, "cells/zone1/CellInfo")
			assert.NoError(t, err)
			_, err = ts.UpdateCellInfo(ctx, "zone1", func(info *topodata.CellInfo) error { info.Root = "/other"; return nil })
			assert.NoError(t, err)
			msg, ok := changes.Recv()
			assert.True(t, ok)
			assert.Equal(t, "/other", msg.Contents.(*topodata.CellInfo).Root)
			_, err = ts.ConnForCell(ctx, "zone1")
			assert.NoError(t, err)
			for _, n := range ts.ConnCounts() {
				if n.Cell == topo.GlobalReadOnlyCell && n.Operation == wire.OpGet {
					assert.EqualValues(t, 1, n.Calls.Count)
					return
				}
			}
			t.Error("the cell was not looked up at the observer")
		})
	})
}

// Operations, errors and waits are counted by operation and cell; all ways to lock are
// Lock. spec: O-12
func TestConnCounts(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{ReadConcurrency: 1}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		assert.Error(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		_, unlock, err := ts.LockKeyspace(ctx, "ks", "test")
		assert.NoError(t, err)
		_, _, err = ts.LockName(ctx, "name", "test")
		assert.NoError(t, err)
		unlock(&err)
		_, _, err = ts.TryLockShard(ctx, "ks", "0", "test")
		wantErr(t, err, topo.NoNode)
		c.Store.Slow(sim.Constant(time.Second))
		group := env.NewWaitGroup("reads")
		for range 3 {
			group.Go("read", func() { _, _ = ts.GetKeyspace(ctx, "ks") })
		}
		group.Wait()
		got := map[wire.Operation][4]int64{}
		for _, n := range ts.ConnCounts() {
			assert.Equal(t, topo.GlobalCell, n.Cell)
			got[n.Operation] = [4]int64{n.Calls.Count, n.Errors, n.ReadWaits.Count, int64(n.ReadWaits.Total / time.Second)}
			if n.Operation == wire.OpGet {
				assert.Equal(t, 6*time.Second, n.Calls.Total.Truncate(time.Second), "the time includes the wait")
			}
		}
		assert.Equal(t, map[wire.Operation][4]int64{
			wire.OpCreate: {2, 1, 0, 0}, wire.OpLock: {3, 1, 0, 0}, wire.OpGet: {3, 0, 3, 3},
		}, got)
	})
	runCluster(t, c)
}
