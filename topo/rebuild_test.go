package topo_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// spec: O-54, O-55, O-88
func TestRebuildKeyspaceGraph(t *testing.T) {
	play(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		addCell(t, env, ts, "zone2", "topo")
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone2", "customer", &topodata.SrvKeyspace{}))
		wantErr(t, ts.RebuildKeyspaceGraph(ctx, "customer", nil), topo.NoNode)
		left, err := ts.GetSrvKeyspaceNames(ctx, "zone2")
		assert.NoError(t, err)
		assert.Empty(t, left, "leftovers of a keyspace without a record are deleted")

		_, err = ts.GetOrCreateShard(ctx, "customer", "80-")
		assert.NoError(t, err)
		assert.EqualError(t, ts.RebuildKeyspaceGraph(ctx, "customer", nil),
			"keyspace partition for PRIMARY in cell zone1 does not start with min key")
		assert.NoError(t, ts.CreateShard(ctx, "customer", "-80"))
		assert.NoError(t, ts.RebuildKeyspaceGraph(ctx, "customer", nil))
		for _, cell := range []string{"zone1", "zone2"} {
			srv, err := ts.GetSrvKeyspace(ctx, cell, "customer")
			assert.NoError(t, err)
			primary, ok := srv.Partition(topodata.Primary)
			assert.True(t, ok)
			assert.Len(t, srv.Partitions, 3)
			assert.Equal(t, []topodata.ShardReference{ref("-80"), ref("80-")}, primary.ShardReferences)
			names, err := ts.GetSrvKeyspaceNames(ctx, cell)
			assert.NoError(t, err)
			assert.Equal(t, []string{"customer"}, names)
		}

		srv, err := ts.GetSrvKeyspace(ctx, "zone1", "customer")
		assert.NoError(t, err)
		srv.Partitions[0].ShardTabletControls = []topodata.ShardTabletControl{{Name: "-80", QueryServiceDisabled: true}}
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "customer", srv))
		assert.EqualError(t, ts.RebuildKeyspaceGraph(ctx, "customer", nil),
			"can't rebuild serving keyspace while a migration is on going. TabletControls is set for partition PRIMARY")
	})
}

func ref(shard string) topodata.ShardReference {
	keyRange, _ := topodata.ParseKeyRange(shard)
	return topodata.ShardReference{Name: shard, KeyRange: keyRange}
}

// spec: O-55
func TestOrderAndCheckPartitions(t *testing.T) {
	for name, c := range map[string]struct {
		shards []string
		want   string
	}{
		"empty":          {nil, ""},
		"one, no range":  {[]string{"0"}, ""},
		"sorted by it":   {[]string{"80-", "40-80", "-40"}, ""},
		"no start":       {[]string{"40-80", "80-"}, "keyspace partition for PRIMARY in cell c does not start with min key"},
		"no end":         {[]string{"-40", "40-80"}, "keyspace partition for PRIMARY in cell c does not end with max key"},
		"gap":            {[]string{"-40", "80-"}, "non-contiguous KeyRange values for PRIMARY in cell c at shard -40 to 80-: 40 != 80"},
		"some unranged":  {[]string{"-40", "40-", "0"}, "shards with inconsistent KeyRanges for PRIMARY in cell c between shard -40 and 0"},
		"overlap is gap": {[]string{"-80", "40-"}, "non-contiguous KeyRange values for PRIMARY in cell c at shard -80 to 40-: 80 != 40"},
	} {
		t.Run(name, func(t *testing.T) {
			p := topodata.Partition{ServedType: topodata.Primary}
			for _, s := range c.shards {
				p.ShardReferences = append(p.ShardReferences, ref(s))
			}
			err := topo.OrderAndCheckPartitions("c", &topodata.SrvKeyspace{Partitions: []topodata.Partition{p}})
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.want)
			}
		})
	}
}
