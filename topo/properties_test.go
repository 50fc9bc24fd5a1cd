package topo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/topotest"
)

// The properties: each collects what one of the invariants judges.

// property draws an implementation and a schedule, and runs clients in trouble or not.
func property(t *testing.T, troubled bool, body func(t *rapid.T, c *topotest.Cluster)) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(topo.Implementations()).Draw(t, "implementation")
		c := clusterOf(name, rapid.Uint64Range(1, 1<<40).Draw(t, "seed"))
		body(t, c)
		if troubled {
			trouble(c, "client-0", "client-1", "client-2")
		}
		out, ok := c.Run()
		require.True(t, ok, "%v\n%s", out, out.Detail)
	})
}

// clients runs fn on three hosts.
func clients(c *topotest.Cluster, fn func(env *sim.Env, ts *topo.Server, me int)) {
	for i := range 3 {
		c.Client(fmt.Sprintf("client-%d", i), topo.Options{LeaseTTL: 6 * time.Second}, func(env *sim.Env, ts *topo.Server) { fn(env, ts, i) })
	}
}

// limited is a context of three seconds.
func limited(env *sim.Env) *sim.Context {
	ctx, cancel := env.WithTimeout(env.Background(), 3*time.Second)
	env.AfterFunc(4*time.Second, "cancel", cancel)
	return ctx
}

// spec: I-O1
func TestPropertyVersions(t *testing.T) {
	property(t, true, func(t *rapid.T, c *topotest.Cluster) {
		var list []written
		clients(c, func(env *sim.Env, ts *topo.Server, me int) {
			conn, _ := ts.ConnForCell(env.Background(), topo.GlobalCell)
			rand := env.Rand("writes")
			for range 20 {
				file := fmt.Sprintf("a/%d", rand.Intn(2))
				w := written{file: file, expected: topo.AnyVersion, began: env.Now()}
				var err error
				if _, v, getErr := conn.Get(limited(env), file); getErr == nil && rand.Intn(4) > 0 {
					w.expected = v
				}
				w.version, err = conn.Update(limited(env), file, me, w.expected)
				if w.ended = env.Now(); err == nil {
					list = append(list, w)
				}
				env.Sleep(time.Duration(rand.Intn(3)) * time.Second)
			}
			if err := checkVersions(list); err != nil {
				t.Errorf("%v", err)
			}
		})
	})
}

// spec: I-O2
func TestPropertyConvergence(t *testing.T) {
	property(t, true, func(t *rapid.T, c *topotest.Cluster) {
		last := rapid.IntRange(1, 30).Draw(t, "writes")
		clients(c, func(env *sim.Env, ts *topo.Server, me int) {
			conn, _ := ts.ConnForCell(env.Background(), topo.GlobalCell)
			if me == 0 {
				for i := 0; i <= last; {
					if _, err := conn.Update(limited(env), "a/File", i, topo.AnyVersion); err == nil {
						i++
					}
					env.Sleep(time.Second)
				}
				return
			}
			var messages []topo.WatchData
			for {
				first, changes, err := conn.Watch(env.Background(), "a/File")
				if err != nil {
					env.Sleep(time.Second)
					continue
				}
				messages = []topo.WatchData{first}
				var closed bool
				for !closed {
					var msg topo.WatchData
					var ok bool
					if env.Select(sim.OnRecv(changes, &msg, &ok), env.After(20*time.Minute)) == 1 {
						break
					}
					if closed = !ok; ok {
						messages = append(messages, msg)
					}
				}
				if err := checkConverged(messages, closed, last); err != nil {
					t.Errorf("%v", err)
				}
				if !closed {
					return
				}
			}
		})
	})
}

// Holders check their lock and trust it for five of its six seconds; those of zk2 and
// memorytopo cannot check, and are left out. spec: I-O3
func TestPropertyExclusion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clusterOf("etcd2", rapid.Uint64Range(1, 1<<40).Draw(t, "seed"))
		var list []holding
		clients(c, func(env *sim.Env, ts *topo.Server, me int) {
			rand := env.Rand("holder")
			_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
			for err != nil {
				_, err = ts.GetOrCreateShard(env.Background(), "ks", "0")
			}
			for range 5 {
				locked, unlock, err := ts.LockShard(env.Background(), "ks", "0", "test")
				if err != nil {
					continue
				}
				for range 3 {
					asked := env.Now()
					ctx, cancel := env.WithTimeout(locked, 2*time.Second)
					err := ts.CheckShardLocked(ctx, "ks", "0")
					cancel()
					if err != nil {
						break
					}
					h := holding{who: env.HostName(), from: env.Now()}
					env.Sleep(min(time.Duration(rand.Intn(4000))*time.Millisecond, asked.Add(5*time.Second).Sub(env.Now())))
					h.to = env.Now()
					list = append(list, h)
				}
				unlock(&err)
			}
			if err := checkExclusive(list); err != nil {
				t.Errorf("%v", err)
			}
		})
		trouble(c, "client-0", "client-1", "client-2")
		out, ok := c.Run()
		require.True(t, ok, "%v\n%s", out, out.Detail)
	})
}

// Primaries claim a shard, each in its own term, as their shard-sync loops do.
// spec: I-O4
func TestPropertyTerms(t *testing.T) {
	property(t, true, func(t *rapid.T, c *topotest.Cluster) {
		terms := rapid.SliceOfNDistinct(rapid.Int64Range(1, 100), 12, 12, rapid.ID[int64]).Draw(t, "terms")
		var states []topodata.Shard
		clients(c, func(env *sim.Env, ts *topo.Server, me int) {
			for {
				if _, err := ts.GetOrCreateShard(limited(env), "ks", "0"); err == nil {
					break
				}
				env.Sleep(time.Second)
			}
			env.SleepUntil(sim.Time(time.Minute)) // all at once
			rand := env.Rand("claims")
			for i := me; i < len(terms); i += 3 {
				_, _ = ts.UpdateShardFields(limited(env), "ks", "0", func(s *topodata.Shard) error {
					if int64(s.PrimaryTermStartTime) >= terms[i] {
						return topo.NewError(topo.NoUpdateNeeded, "ks/0")
					}
					s.PrimaryAlias, s.PrimaryTermStartTime = alias(uint32(i)), topodata.Timestamp(terms[i])
					return nil
				})
				if rec, ok := c.Store.Value("/vitess/global/keyspaces/ks/shards/0/Shard").(*topodata.Shard); ok {
					states = append(states, *rec)
				}
				env.Sleep(time.Duration(rand.Intn(3)) * time.Millisecond)
			}
			if err := checkTerms(states); err != nil {
				t.Errorf("%v", err)
			}
		})
	})
}

// Whatever is asked for, only complete partitions are written. spec: I-O6
func TestPropertyServing(t *testing.T) {
	property(t, false, func(t *rapid.T, c *topotest.Cluster) {
		shards := []string{"0", "-80", "80-", "-40", "40-80"}
		steps := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom(shards), 0, 3), 1, 8).Draw(t, "steps")
		c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			for _, cell := range []string{"zone1", "zone2"} {
				assert.NoError(t, ts.CreateCellInfo(ctx, cell, &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/" + cell}))
			}
			assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
			for i, names := range steps {
				if i%2 == 0 {
					for _, name := range names {
						_ = ts.CreateShard(ctx, "ks", name)
					}
					_ = ts.RebuildKeyspaceGraph(ctx, "ks", nil)
					continue
				}
				locked, unlock, err := ts.LockKeyspace(ctx, "ks", "switch")
				assert.NoError(t, err)
				_ = ts.MigrateServedType(locked, "ks", references(names[:len(names)/2]), references(names[len(names)/2:]), topodata.Primary, nil)
				unlock(&err)
			}
			stored := map[string]topodata.SrvKeyspace{}
			for _, cell := range []string{"zone1", "zone2"} {
				if srv, err := ts.GetSrvKeyspace(ctx, cell, "ks"); err == nil {
					stored[cell] = *srv
				}
			}
			if err := checkServing(stored); err != nil {
				t.Errorf("%v", err)
			}
		})
	})
}

func references(names []string) (list []topodata.ShardReference) {
	for _, name := range names {
		_, keyRange, _ := topodata.ValidateShardName(name)
		list = append(list, topodata.ShardReference{Name: name, KeyRange: keyRange})
	}
	return list
}

// Tablets of one shard come and go at the same time. spec: I-O7, O-51
func TestPropertyReplication(t *testing.T) {
	property(t, false, func(t *rapid.T, c *topotest.Cluster) {
		comings := rapid.SliceOfN(rapid.Bool(), 12, 12).Draw(t, "comings")
		left := 3
		c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			assert.NoError(t, ts.CreateCellInfo(env.Background(), "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}))
		})
		clients(c, func(env *sim.Env, ts *topo.Server, me int) {
			env.Sleep(time.Second)
			ctx := env.Background()
			for i := me; i < len(comings); i += 3 {
				tablet := &topodata.Tablet{Alias: alias(uint32(100 + me)), Keyspace: "ks", Shard: "0"}
				if comings[i] {
					_ = ts.CreateTablet(ctx, tablet)
					assert.NoError(t, ts.AddShardReplication(ctx, tablet))
				} else {
					_ = ts.DeleteTablet(ctx, tablet.Alias)
				}
			}
			if left--; left > 0 {
				return
			}
			tablets, err := ts.GetTabletsByCell(ctx, "zone1")
			assert.NoError(t, err)
			var aliases []topodata.TabletAlias
			for _, tb := range tablets {
				aliases = append(aliases, tb.Alias)
			}
			list, err := ts.GetShardReplication(ctx, "zone1", "ks", "0")
			if topo.IsErrType(err, topo.NoNode) {
				list, err = &topodata.ShardReplication{}, nil
			}
			assert.NoError(t, err)
			if err := checkReplication(list.Nodes, aliases); err != nil {
				t.Errorf("%v", err)
			}
			assert.Len(t, list.Nodes, len(aliases))
		})
	})
}
