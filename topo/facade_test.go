package topo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/topo"
	"bufsim/topo/topotest"
)

// Inside a proc only assert is used: require would end the goroutine of the kernel.

const latency = time.Millisecond

func newCluster(seed uint64) *topotest.Cluster { return newTracedCluster(seed, nil) }

func newTracedCluster(seed uint64, sink trace.Sink) *topotest.Cluster {
	cfg := sim.Config{Seed: seed, MaxTime: sim.Time(4 * time.Hour), Sink: sink}
	if seed > 0 {
		cfg.Chooser = explore.NewRandom(seed, true)
	}
	return topotest.NewCluster(cfg, simnet.Options{Latency: sim.Uniform(latency/2, latency)})
}

func runCluster(t *testing.T, c *topotest.Cluster) {
	t.Helper()
	out, ok := c.Run()
	require.True(t, ok, "%v\n%s", out, out.Detail)
}

// play runs fn as the only client of a cluster in which the cell zone1 exists.
func play(t *testing.T, opts topo.Options, fn func(env *sim.Env, ts *topo.Server)) {
	t.Helper()
	c := newCluster(0)
	c.Client("client", opts, func(env *sim.Env, ts *topo.Server) {
		addCell(t, env, ts, "zone1", "topo")
		fn(env, ts)
	})
	runCluster(t, c)
}

func addCell(t *testing.T, env *sim.Env, ts *topo.Server, cell, server string) {
	err := ts.CreateCellInfo(env.Background(), cell, &topodata.CellInfo{ServerAddress: server + ":2379", Root: "/vitess/" + cell})
	assert.NoError(t, err)
}

func wantErr(t *testing.T, err error, code topo.ErrorCode) {
	t.Helper()
	assert.True(t, topo.IsErrType(err, code), "error %v is not %q", err, topo.NewError(code, ""))
}

func alias(uid uint32) topodata.TabletAlias { return topodata.TabletAlias{Cell: "zone1", UID: uid} }

// spec: O-9, O-45
func TestCells(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		cells, err := ts.GetCellNames(ctx)
		assert.NoError(t, err)
		assert.Equal(t, []string{"zone1"}, cells)
		info, err := ts.GetCellInfo(ctx, "zone1")
		assert.NoError(t, err)
		assert.Equal(t, &topodata.CellInfo{ServerAddress: "topo:2379", Root: "/vitess/zone1"}, info)
		wantErr(t, ts.CreateCellInfo(ctx, "zone1", info), topo.NodeExists)
		assert.EqualError(t, ts.CreateCellInfo(ctx, "zone2", &topodata.CellInfo{}), "CellInfo.Root must be non-empty")
		_, err = ts.GetSrvKeyspace(ctx, "zone1", "commerce")
		assert.EqualError(t, err, "node doesn't exist: /vitess/zone1/keyspaces/commerce/SrvKeyspace")
		_, err = ts.GetSrvKeyspace(ctx, "zone9", "commerce")
		assert.EqualError(t, err, "node doesn't exist: /vitess/global/cells/zone9/CellInfo")
	})
}

// spec: O-46, O-22
func TestKeyspace(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateKeyspace(ctx, "commerce", &topodata.Keyspace{DurabilityPolicy: "semi_sync"}))
		ks, err := ts.GetKeyspace(ctx, "commerce")
		assert.NoError(t, err)
		assert.Equal(t, &topodata.Keyspace{DurabilityPolicy: "semi_sync", SidecarDBName: "_vt"}, ks)
		wantErr(t, ts.CreateKeyspace(ctx, "commerce", ks), topo.NodeExists)

		setNone := func(k *topodata.Keyspace) error { k.DurabilityPolicy = "none"; return nil }
		_, err = ts.UpdateKeyspaceFields(ctx, "commerce", setNone)
		assert.EqualError(t, err, "keyspace commerce is not locked (no locksInfo)")
		locked, unlock, err := ts.LockKeyspace(ctx, "commerce", "Test")
		assert.NoError(t, err)
		ks, err = ts.UpdateKeyspaceFields(locked, "commerce", setNone)
		assert.NoError(t, err)
		assert.Equal(t, "none", ks.DurabilityPolicy)
		unlock(&err)
		assert.NoError(t, err)
	})
}

// spec: O-19, O-48
func TestShards(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, err := ts.GetShardNames(ctx, "customer")
		wantErr(t, err, topo.NoNode)
		for _, name := range []string{"-80", "80-", "80-C0"} {
			_, err := ts.GetOrCreateShard(ctx, "customer", name)
			if name == "80-C0" { // is stored in lower case
				wantErr(t, err, topo.NoNode)
				continue
			}
			assert.NoError(t, err)
		}
		names, err := ts.GetShardNames(ctx, "customer")
		assert.NoError(t, err)
		assert.Equal(t, []string{"-80", "80-", "80-c0"}, names)
		serving := map[string]bool{}
		for _, name := range names {
			shard, err := ts.GetShard(ctx, "customer", name)
			assert.NoError(t, err)
			serving[name] = shard.IsPrimaryServing
		}
		assert.Equal(t, map[string]bool{"-80": true, "80-": true, "80-c0": false}, serving)

		updated, err := ts.UpdateShardFields(ctx, "customer", "-80", func(s *topodata.Shard) error {
			s.PrimaryAlias = alias(100)
			return nil
		})
		assert.NoError(t, err)
		same, err := ts.UpdateShardFields(ctx, "customer", "-80", func(s *topodata.Shard) error {
			s.PrimaryAlias = alias(200)
			return topo.NewError(topo.NoUpdateNeeded, "customer/-80")
		})
		assert.NoError(t, err)
		stored, err := ts.GetShard(ctx, "customer", "-80")
		assert.NoError(t, err)
		assert.Equal(t, updated, stored)
		assert.Equal(t, updated, same)
	})
}

// What is read and written shares no memory with what is stored.
func TestRecordsAreCopied(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		tablet := &topodata.Tablet{Alias: alias(100), Keyspace: "ks", Shard: "0", Tags: map[string]string{"a": "1"}}
		assert.NoError(t, ts.CreateTablet(ctx, tablet))
		tablet.Tags["a"] = "changed by the writer"
		read, err := ts.GetTablet(ctx, alias(100))
		assert.NoError(t, err)
		read.Tags["a"] = "changed by the reader"
		again, err := ts.GetTablet(ctx, alias(100))
		assert.NoError(t, err)
		assert.Equal(t, map[string]string{"a": "1"}, again.Tags)
	})
}

// spec: O-51, D-73, D-75
func TestTablets(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		tablets, err := ts.GetTabletsByCell(ctx, "zone1")
		assert.NoError(t, err)
		assert.Empty(t, tablets)
		for _, uid := range []uint32{102, 100, 101, 200} {
			shard := "0"
			if uid == 200 {
				shard = "1"
			}
			assert.NoError(t, ts.CreateTablet(ctx, &topodata.Tablet{Alias: alias(uid), Keyspace: "ks", Shard: shard}))
		}
		wantErr(t, ts.CreateTablet(ctx, &topodata.Tablet{Alias: alias(100), Keyspace: "ks", Shard: "0"}), topo.NodeExists)
		all, err := ts.GetTabletsByCell(ctx, "zone1")
		assert.NoError(t, err)
		assert.Equal(t, []uint32{100, 101, 102, 200}, uids(all))
		shard, err := ts.GetTabletMapForShard(ctx, "ks", "0")
		assert.NoError(t, err)
		assert.Equal(t, []uint32{100, 101, 102}, uids(shard))

		updated, err := ts.UpdateTabletFields(ctx, alias(101), func(r *topodata.Tablet) error { r.Type = topodata.Primary; return nil })
		assert.NoError(t, err)
		assert.Equal(t, topodata.Primary, updated.Type)
		assert.NoError(t, ts.DeleteTablet(ctx, alias(100)))
		_, err = ts.GetTablet(ctx, alias(100))
		assert.EqualError(t, err, "node doesn't exist: /vitess/zone1/tablets/zone1-0000000100/Tablet")
		replication, err := ts.GetShardReplication(ctx, "zone1", "ks", "0")
		assert.NoError(t, err)
		assert.Equal(t, []topodata.TabletAlias{alias(102), alias(101)}, replication.Nodes)
	})
}

func uids(tablets []*topodata.Tablet) []uint32 {
	var list []uint32
	for _, tablet := range tablets {
		list = append(list, tablet.Alias.UID)
	}
	return list
}

// spec: O-21, O-56
func TestSrvVSchema(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		rules := []topodata.RoutingRule{{FromTable: "t", ToTables: []string{"ks.t"}}}
		shardRules := []topodata.ShardRoutingRule{{FromKeyspace: "a", ToKeyspace: "b", Shard: "0"}}
		assert.NoError(t, ts.CreateKeyspace(ctx, "ks", &topodata.Keyspace{}))
		assert.NoError(t, ts.SaveRoutingRules(ctx, rules))
		assert.NoError(t, ts.SaveShardRoutingRules(ctx, shardRules))
		assert.NoError(t, ts.RebuildSrvVSchema(ctx, nil))
		srv, err := ts.GetSrvVSchema(ctx, "zone1")
		assert.NoError(t, err)
		assert.Equal(t, &topodata.SrvVSchema{Keyspaces: []string{"ks"}, RoutingRules: rules, ShardRoutingRules: shardRules}, srv)
		assert.NoError(t, ts.SaveRoutingRules(ctx, nil))
		assert.NoError(t, ts.SaveRoutingRules(ctx, nil))
		left, err := ts.GetRoutingRules(ctx)
		assert.NoError(t, err)
		assert.Empty(t, left)
	})
}

// Any number of tablets that start together make one keyspace and one shard.
// spec: I-O8, topo 13
func TestBringUpIsConfluent(t *testing.T) {
	for seed := range uint64(30) {
		c := newCluster(seed)
		for _, host := range []string{"tablet-100", "tablet-101", "tablet-102"} {
			c.Client(host, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
				shard, err := ts.GetOrCreateShard(env.Background(), "commerce", "0")
				assert.NoError(t, err)
				assert.True(t, shard.IsPrimaryServing)
			})
		}
		runCluster(t, c)
		require.Equal(t, []string{
			"/vitess/global/keyspaces/commerce/Keyspace",
			"/vitess/global/keyspaces/commerce/VSchema",
			"/vitess/global/keyspaces/commerce/shards/0/Shard",
		}, c.Store.Keys("/"))
	}
}
