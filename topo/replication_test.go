package topo_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// Whoever changes a replication list need not look for duplicates: they are not stored, in a list
// that is there as in one that is made. spec: O-19, O-51
func TestReplicationListHasNoDuplicates(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateCellInfo(ctx, "zone1", &topodata.CellInfo{ServerAddress: "topo:2379", Root: "/vitess/zone1"}))
		a, b := topodata.TabletAlias{Cell: "zone1", UID: 100}, topodata.TabletAlias{Cell: "zone1", UID: 101}
		for _, want := range [][]topodata.TabletAlias{{a}, {a, b}} {
			assert.NoError(t, ts.UpdateShardReplicationFields(ctx, "zone1", "ks", "0", func(r *topodata.ShardReplication) error {
				r.Nodes = append(r.Nodes, want...)
				r.Nodes = append(r.Nodes, want...)
				return nil
			}))
			list, err := ts.GetShardReplication(ctx, "zone1", "ks", "0")
			assert.NoError(t, err)
			assert.Equal(t, want, list.Nodes)
		}
	})
	runCluster(t, c)
}
