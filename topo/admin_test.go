package topo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/wire"
)

// Aliases of cells do not overlap; a lookup is remembered until this process changes an
// alias, whatever others do. spec: O-15, O-19
func TestCellsAliases(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		other := topo.NewServer(env, c.Net.Node(env), topo.Options{})
		assert.Equal(t, "zone1", ts.GetAliasByCell(ctx, "zone1"), "its own alias")
		assert.NoError(t, ts.CreateCellsAlias(ctx, "east", &topodata.CellsAlias{Cells: []string{"zone1", "zone2"}}))
		wantErr(t, ts.CreateCellsAlias(ctx, "east", &topodata.CellsAlias{}), topo.NodeExists)
		assert.EqualError(t, ts.CreateCellsAlias(ctx, "west", &topodata.CellsAlias{Cells: []string{"zone3", "zone2"}}),
			"cells alias west is not valid: cell set overlaps with existing alias east")
		assert.Equal(t, "east", ts.GetAliasByCell(ctx, "zone1"))
		assert.Equal(t, "east", other.GetAliasByCell(ctx, "zone2"))

		assert.NoError(t, ts.UpdateCellsAlias(ctx, "east", func(a *topodata.CellsAlias) error { a.Cells = []string{"zone1"}; return nil }))
		assert.Equal(t, "zone2", ts.GetAliasByCell(ctx, "zone2"))
		assert.Equal(t, "east", other.GetAliasByCell(ctx, "zone2"), "the other process has not heard of it")
		assert.NoError(t, other.DeleteCellsAlias(ctx, "east"))
		assert.Equal(t, "zone2", other.GetAliasByCell(ctx, "zone2"))
		wantErr(t, other.DeleteCellsAlias(ctx, "east"), topo.NoNode)
		list, err := ts.GetCellsAliasNames(ctx)
		assert.NoError(t, err)
		assert.Empty(t, list)
	})
	runCluster(t, c)
}

// A cell that serves keyspaces is deleted only by force. spec: O-17
func TestDeleteCellInfo(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", &topodata.SrvKeyspace{}))
		assert.EqualError(t, ts.DeleteCellInfo(ctx, "zone1", false), "cell zone1 has serving keyspaces. Before deleting, "+
			"delete keyspace with DeleteKeyspace, or use -force to continue anyway.")
		assert.NoError(t, ts.DeleteCellInfo(ctx, "zone1", true))
		wantErr(t, ts.DeleteCellInfo(ctx, "zone1", true), topo.NoNode)
	})
}

// A cell that was added later has no serving records until somebody rebuilds them; no
// cells in the argument are all of them. spec: O-16, O-57, O-91
func TestCellAddedLater(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, err := ts.GetOrCreateShard(ctx, "ks", "0")
		assert.NoError(t, err)
		rebuild := func() {
			assert.NoError(t, ts.RebuildKeyspaceGraph(ctx, "ks", nil))
			assert.NoError(t, ts.RebuildSrvVSchema(ctx, nil))
		}
		rebuild()
		addCell(t, env, ts, "zone2", "topo")
		_, err = ts.GetSrvKeyspace(ctx, "zone2", "ks")
		wantErr(t, err, topo.NoNode)
		_, err = ts.GetSrvVSchema(ctx, "zone2")
		wantErr(t, err, topo.NoNode)
		rebuild()
		_, err = ts.GetSrvKeyspace(ctx, "zone2", "ks")
		assert.NoError(t, err)
		_, err = ts.GetSrvVSchema(ctx, "zone2")
		assert.NoError(t, err)
	})
}

// Serving records and rules are written blindly: of two writers the last wins, however
// old the value was that it had read. spec: O-20
func TestBlindWrites(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		for n := 1; n <= 2; n++ {
			assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(n)))
			assert.NoError(t, ts.UpdateSrvVSchema(ctx, "zone1", &topodata.SrvVSchema{Keyspaces: make([]string, n)}))
			assert.NoError(t, ts.SaveMirrorRules(ctx, []topodata.MirrorRule{{FromTable: "a", ToTable: "b", Percent: n}}))
			assert.NoError(t, ts.OverwriteTablet(ctx, &topodata.Tablet{Alias: alias(100), Keyspace: "ks", MySQLPort: int32(n)}))
		}
		srv, err := ts.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Len(t, srv.Partitions, 2)
		mirror, err := ts.GetMirrorRules(ctx)
		assert.NoError(t, err)
		assert.Equal(t, 2, mirror[0].Percent)
		tablet, err := ts.GetTablet(ctx, alias(100))
		assert.NoError(t, err)
		assert.EqualValues(t, 2, tablet.MySQLPort)
	})
}

// Empty rules delete their file, except those of keyspaces; all four kinds reach the
// cells by a rebuild. spec: O-21, O-53, O-56
func TestRules(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone1", "topo")
		want := &topodata.SrvVSchema{
			RoutingRules:         []topodata.RoutingRule{{FromTable: "t", ToTables: []string{"ks.t"}}},
			ShardRoutingRules:    []topodata.ShardRoutingRule{{FromKeyspace: "a", ToKeyspace: "b", Shard: "-80"}},
			KeyspaceRoutingRules: []topodata.KeyspaceRoutingRule{{FromKeyspace: "a", ToKeyspace: "b"}},
			MirrorRules:          []topodata.MirrorRule{{FromTable: "t", ToTable: "ks2.t", Percent: 10}},
		}
		save := func(v *topodata.SrvVSchema) {
			assert.NoError(t, errors.Join(
				ts.SaveRoutingRules(ctx, v.RoutingRules), ts.SaveShardRoutingRules(ctx, v.ShardRoutingRules),
				ts.SaveKeyspaceRoutingRules(ctx, v.KeyspaceRoutingRules), ts.SaveMirrorRules(ctx, v.MirrorRules),
			))
		}
		save(want)
		assert.NoError(t, ts.RebuildSrvVSchema(ctx, nil))
		got, err := ts.GetSrvVSchema(ctx, "zone1")
		assert.NoError(t, err)
		assert.True(t, want.Equal(*got), "%+v", got)
		assert.Equal(t, []string{"MirrorRules", "RoutingRules", "ShardRoutingRules", "routing_rules/keyspace/Rules"}, rules(c.Store.Keys("/vitess/global/")))
		save(&topodata.SrvVSchema{})
		save(&topodata.SrvVSchema{}) // there is nothing to delete any more
		assert.Equal(t, []string{"routing_rules/keyspace/Rules"}, rules(c.Store.Keys("/vitess/global/")))
	})
	runCluster(t, c)
}

func rules(keys []string) (list []string) {
	for _, k := range keys {
		if k = k[len("/vitess/global/"):]; k != "cells/zone1/CellInfo" {
			list = append(list, k)
		}
	}
	return list
}

// The edits of a traffic switch need the keyspace's lock, and one that was lost does not
// count; a shard's record needs none. spec: O-22, O-36, O-52
func TestEditsNeedTheLock(t *testing.T) {
	withShard(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone2", "topo")
		assert.NoError(t, ts.RebuildKeyspaceGraph(ctx, "ks", []string{"zone1"}))
		shard := []topodata.ShardReference{{Name: "0"}}
		edits := map[string]func(*sim.Context) error{
			"UpdateKeyspaceFields": func(ctx *sim.Context) error {
				_, err := ts.UpdateKeyspaceFields(ctx, "ks", func(k *topodata.Keyspace) error { k.DurabilityPolicy = "none"; return nil })
				return err
			},
			"UpdateDeniedTables": func(ctx *sim.Context) error {
				return ts.UpdateDeniedTables(ctx, "ks", "0", topodata.Primary, nil, false, []string{"t"})
			},
			"UpdateDisableQueryService": func(ctx *sim.Context) error {
				return ts.UpdateDisableQueryService(ctx, "ks", shard, topodata.Primary, nil, true)
			},
			"MigrateServedType": func(ctx *sim.Context) error {
				return ts.MigrateServedType(ctx, "ks", nil, shard, topodata.Replica, nil)
			},
		}
		locked, _, err := ts.LockKeyspace(ctx, "ks", "switch")
		assert.NoError(t, err)
		shardOnly, _, err := ts.LockShard(ctx, "ks", "0", "not enough")
		assert.NoError(t, err)
		for name, edit := range edits { // in any order
			assert.EqualError(t, edit(ctx), "keyspace ks is not locked (no locksInfo)", name)
			assert.EqualError(t, edit(shardOnly), "keyspace ks is not locked (no lockInfo in map)", name)
			assert.NoError(t, edit(locked), name)
		}
		rec, err := ts.GetShard(ctx, "ks", "0")
		assert.NoError(t, err)
		assert.Equal(t, []topodata.TabletControl{{TabletType: topodata.Primary, DeniedTables: []string{"t"}}}, rec.TabletControls)
		srv, err := ts.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		primary, _ := srv.Partition(topodata.Primary)
		assert.Equal(t, []topodata.ShardTabletControl{{Name: "0", QueryServiceDisabled: true}}, primary.ShardTabletControls)
		replica, _ := srv.Partition(topodata.Replica)
		assert.Empty(t, replica.ShardReferences)
		assert.NoError(t, ts.UpdateDeniedTables(locked, "ks", "0", topodata.Primary, nil, true, []string{"t"}))
		rec, err = ts.GetShard(ctx, "ks", "0")
		assert.NoError(t, err)
		assert.Empty(t, rec.TabletControls)

		env.Sleep(31 * time.Second)
		for name, edit := range edits {
			assert.EqualError(t, edit(locked), "node doesn't exist: lease", name)
		}
	})
}

// The shards of a snapshot need not cover the keyspace, if that is allowed. spec: O-54
func TestRebuildPartialSnapshot(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		for _, kind := range []topodata.KeyspaceType{topodata.KeyspaceNormal, topodata.KeyspaceSnapshot} {
			ks := kind.String()
			assert.NoError(t, ts.CreateKeyspace(ctx, ks, &topodata.Keyspace{Type: kind}))
			assert.NoError(t, ts.CreateShard(ctx, ks, "-80"))
			const text = "keyspace partition for PRIMARY in cell zone1 does not end with max key"
			assert.EqualError(t, ts.RebuildKeyspaceGraph(ctx, ks, nil), text)
			err := ts.RebuildKeyspaceGraphPartial(ctx, ks, nil)
			if kind == topodata.KeyspaceSnapshot {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, text)
			}
		}
	})
}

// Each code has its prefix, and tests see through wrapping. spec: O-7, O-8
func TestErrorTexts(t *testing.T) {
	for code, prefix := range map[topo.ErrorCode]string{
		topo.NodeExists: "node already exists: ", topo.NoNode: "node doesn't exist: ", topo.NodeNotEmpty: "node not empty: ",
		topo.Timeout: "deadline exceeded: ", topo.Interrupted: "interrupted: ", topo.BadVersion: "bad node version: ",
		topo.PartialResult: "partial result: ", topo.NoUpdateNeeded: "no update needed: ",
		topo.NoImplementation: "no such topology implementation ", topo.NoReadOnlyImplementation: "no read-only topology implementation ",
		topo.ResourceExhausted: "server resource exhausted: ",
	} {
		err := topo.NewError(code, "a/b")
		assert.EqualError(t, err, prefix+"a/b")
		assert.True(t, topo.IsErrType(errors.Join(errors.New("x"), err), code))
		assert.False(t, topo.IsErrType(err, code+1))
	}
}

// Where there is no listing by prefix, tablets and serving records are read one by one.
// spec: O-6, O-76
func TestReadsWithoutList(t *testing.T) {
	for _, name := range topo.Implementations() {
		c := clusterOf(name, 0)
		c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			addCell(t, env, ts, "zone1", "topo")
			tablets, err := ts.GetTabletsByCell(ctx, "zone1")
			assert.NoError(t, err)
			assert.Empty(t, tablets)
			for uid := uint32(100); uid < 103; uid++ {
				assert.NoError(t, ts.CreateTablet(ctx, &topodata.Tablet{Alias: alias(uid), Keyspace: "ks2", Shard: "0"}))
			}
			assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", &topodata.SrvKeyspace{}))
			tablets, err = ts.GetTabletsByCell(ctx, "zone1")
			assert.NoError(t, err)
			assert.Equal(t, []uint32{100, 101, 102}, uids(tablets))
			served, err := ts.GetSrvKeyspaceNames(ctx, "zone1")
			assert.NoError(t, err)
			assert.Equal(t, []string{"ks"}, served, name)
		})
		runCluster(t, c)
	}
}

// Old versions are read long after, until a thousand changes have come since.
// spec: O-18, topo 2
func TestOldVersions(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		conn, err := ts.ConnForCell(ctx, topo.GlobalCell)
		assert.NoError(t, err)
		var versions []topo.Version
		for i := range 2500 {
			v, err := conn.Update(ctx, "a/File", i, topo.AnyVersion)
			assert.NoError(t, err)
			versions = append(versions, v)
		}
		_, err = conn.GetVersion(ctx, "a/File", versions[0])
		assert.Equal(t, wire.ErrCompacted, err)
		for _, i := range []int{1600, 2000, 2499} {
			old, err := conn.GetVersion(ctx, "a/File", versions[i])
			assert.NoError(t, err)
			assert.Equal(t, i, old)
		}
	})
	runCluster(t, c)
}
