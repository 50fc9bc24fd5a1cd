package topo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

func serving(n int) *topodata.SrvKeyspace {
	return &topodata.SrvKeyspace{Partitions: make([]topodata.Partition, n)}
}

// spec: O-23
func TestWatchSrvKeyspace(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx, cancel := env.WithCancel(env.Background())
		_, _, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
		wantErr(t, err, topo.NoNode)
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
		assert.NoError(t, ts.UpdateSrvVSchema(ctx, "zone1", &topodata.SrvVSchema{}))
		current, changes, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, serving(1), current)
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(2)))
		msg, ok := changes.Recv()
		assert.True(t, ok)
		assert.Equal(t, topo.SrvKeyspaceWatch{Value: serving(2)}, msg)
		cancel()
		msg, ok = changes.Recv()
		assert.True(t, ok)
		assert.EqualError(t, msg.Err, "interrupted: /vitess/zone1/keyspaces/ks/SrvKeyspace")
		_, ok = changes.Recv()
		assert.False(t, ok)
	})
}

// The stream starts at the revision of the first read, so the value of the store's
// last write comes again. spec: O-23
func TestWatchRepeatsTheNewestValue(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.UpdateSrvVSchema(ctx, "zone1", &topodata.SrvVSchema{Keyspaces: []string{"a"}}))
		current, changes, err := ts.WatchSrvVSchema(ctx, "zone1")
		assert.NoError(t, err)
		msg, ok := changes.Recv()
		assert.True(t, ok)
		assert.Equal(t, current, msg.Value)
	})
}

// Whatever happens to the server and the network, a watcher ends up with the
// stored value, and an error ends its watch. spec: I-O2, O-25
func TestWatchConverges(t *testing.T) {
	for seed := range uint64(40) {
		c := newCluster(seed + 1)
		c.Client("watcher", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			addCell(t, env, ts, "zone1", "topo")
			assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(0)))
			current, changes, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
			assert.NoError(t, err)
			last := len(current.Partitions)
			for last < 100 {
				var msg topo.SrvKeyspaceWatch
				var ok bool
				if env.Select(sim.OnRecv(changes, &msg, &ok), env.After(20*time.Minute)) == 1 || !ok || msg.Err != nil {
					t.Errorf("seed %d: no value after %d: %v", seed, last, msg.Err)
					return
				}
				if n := len(msg.Value.Partitions); n < last {
					t.Errorf("seed %d: the watch went back from %d to %d", seed, last, n)
				} else {
					last = n
				}
			}
			assert.NoError(t, ts.DeleteSrvKeyspace(ctx, "zone1", "ks"))
			for {
				msg, ok := changes.Recv()
				if !ok {
					return
				}
				if msg.Err != nil {
					wantErr(t, msg.Err, topo.NoNode)
				}
			}
		})
		c.Client("writer", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			for i := 1; i <= 100; {
				ctx, cancel := env.WithTimeout(env.Background(), time.Minute)
				if _, err := ts.GetSrvKeyspace(ctx, "zone1", "ks"); err == nil {
					if ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(i)) == nil {
						i++
					}
				}
				cancel()
				env.Sleep(time.Second)
			}
		})
		trouble(c, "watcher", "writer")
		runCluster(t, c)
	}
}

// A key that was deleted and written again during an outage ends the watch, as the
// deletion would have. spec: O-23
func TestWatchHearsOfDeletionAfterOutage(t *testing.T) {
	c := newCluster(0)
	c.Client("watcher", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
		_, changes, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		for {
			msg, ok := changes.Recv()
			if !ok {
				return
			}
			if msg.Err != nil {
				wantErr(t, msg.Err, topo.NoNode)
			} else {
				assert.Equal(t, serving(1), msg.Value)
			}
		}
	})
	c.Client("writer", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(time.Second)
		c.Net.Partition("topo", "watcher")
		c.Net.Reset("topo", "watcher")
		assert.NoError(t, ts.DeleteSrvKeyspace(env.Background(), "zone1", "ks"))
		assert.NoError(t, ts.UpdateSrvKeyspace(env.Background(), "zone1", "ks", serving(2)))
		env.Sleep(time.Second)
		c.Net.Heal("topo", "watcher")
	})
	runCluster(t, c)
}

// writes records the revisions of all writes.
type writes struct{ revisions []int64 }

// Record implements trace.Sink.
func (w *writes) Record(e trace.Event) {
	if e.Kind == toposerver.KindWrite {
		w.revisions = append(w.revisions, e.Number("revision"))
	}
}

// Competing read-modify-writes lose no update, and versions increase in the order
// of the writes. spec: I-O1, O-19
func TestUpdatesAreNotLost(t *testing.T) {
	unknownTotal := 0
	for seed := range uint64(40) {
		sink := &writes{}
		c := newTracedCluster(seed+1, sink)
		count := &updateCount{}
		hosts := []string{"client-0", "client-1", "client-2"}
		for _, host := range hosts {
			c.Client(host, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
				_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
				if err != nil && !topo.IsErrType(err, topo.Timeout) {
					t.Errorf("create: %v", err)
				}
				count.update(t, env, ts)
			})
		}
		trouble(c, hosts...)
		runCluster(t, c)
		shard := c.Store.Value("/vitess/global/keyspaces/ks/shards/0/Shard").(*topodata.Shard)
		require.GreaterOrEqual(t, int(shard.PrimaryTermStartTime), count.succeeded)
		require.LessOrEqual(t, int(shard.PrimaryTermStartTime), count.succeeded+count.unknown)
		require.Positive(t, count.succeeded)
		require.IsIncreasing(t, slices.Compact(sink.revisions))
		unknownTotal += count.unknown
	}
	require.Positive(t, unknownTotal, "some writes must break off")
}

// updateCount counts the outcomes of updates.
type updateCount struct{ succeeded, unknown int }

// update adds one to the shard's term twenty times.
func (u *updateCount) update(t *testing.T, env *sim.Env, ts *topo.Server) {
	for range 20 {
		env.Sleep(time.Second)
		ctx, cancel := env.WithTimeout(env.Background(), 3*time.Second)
		_, err := ts.UpdateShardFields(ctx, "ks", "0", func(s *topodata.Shard) error {
			s.PrimaryTermStartTime++
			return nil
		})
		cancel()
		switch {
		case err == nil:
			u.succeeded++
		case topo.IsErrType(err, topo.Timeout):
			u.unknown++
		default:
			t.Errorf("update: %v", err)
		}
	}
}

// The start of a watch is limited, although its context is not: the read of the
// cell's record, and that of the watched one. spec: O-24
func TestWatchStartIsLimited(t *testing.T) {
	for _, down := range []string{"topo", "topo-2"} {
		c := newCluster(0)
		cell, _ := c.AddServer("topo-2")
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			addCell(t, env, ts, "zone1", "topo-2")
			assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
			host := c.Topo
			if down == "topo-2" {
				host = cell
			}
			env.AfterFunc(0, "outage", host.Crash)
			env.Sleep(time.Second)
			began := env.Now()
			_, _, err := ts.WatchSrvKeyspace(ctx, "zone1", "ks")
			wantErr(t, err, topo.Timeout)
			assert.InDelta(t, 15*time.Second, env.Now().Sub(began), float64(5*latency))
		})
		runCluster(t, c)
	}
}

// Watches that have ended leave nothing behind, whatever ended them.
func TestWatchCleansUp(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		conn, err := ts.ConnForCell(ctx, "zone1")
		assert.NoError(t, err)
		before := c.World.Procs()
		for range 3 {
			_, err := conn.Create(ctx, "keyspaces/ks/SrvKeyspace", "not a SrvKeyspace")
			assert.NoError(t, err)
			_, _, err = ts.WatchSrvKeyspace(ctx, "zone1", "ks")
			assert.EqualError(t, err, "topology holds a string where a *topodata.SrvKeyspace belongs")
			env.Sleep(time.Second)
			assert.Equal(t, before, c.World.Procs())
			_, changes, err := conn.Watch(ctx, "keyspaces/ks/SrvKeyspace")
			assert.NoError(t, err)
			assert.NoError(t, conn.Delete(ctx, "keyspaces/ks/SrvKeyspace", topo.AnyVersion))
			for ok := true; ok; {
				_, ok = changes.Recv()
			}
		}
		env.Sleep(time.Minute)
		assert.Equal(t, before, c.World.Procs())
	})
	runCluster(t, c)
}
