package topodata_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
)

// A copy of a record shares nothing with it. spec: O-15, O-47, O-49, O-52, O-53
func TestClonesOfRecords(t *testing.T) {
	shard := topodata.Shard{TabletControls: []topodata.TabletControl{{Cells: []string{"a"}, DeniedTables: []string{"t"}}}}
	copied := shard.Clone()
	copied.TabletControls[0].Cells[0], copied.TabletControls[0].DeniedTables[0], copied.TabletControls[0].Frozen = "x", "x", true
	require.Equal(t, topodata.TabletControl{Cells: []string{"a"}, DeniedTables: []string{"t"}}, shard.TabletControls[0])

	alias := topodata.CellsAlias{Cells: []string{"a"}}
	alias.Clone().Cells[0] = "x"
	require.Equal(t, "a", alias.Cells[0])

	srv := topodata.SrvKeyspace{Partitions: []topodata.Partition{{ShardReferences: []topodata.ShardReference{{Name: "0"}}}}}
	srv.Clone().Partitions[0].ShardReferences[0].Name = "x"
	require.Equal(t, "0", srv.Partitions[0].ShardReferences[0].Name)

	v := topodata.SrvVSchema{
		KeyspaceRoutingRules: []topodata.KeyspaceRoutingRule{{FromKeyspace: "a"}}, MirrorRules: []topodata.MirrorRule{{FromTable: "a"}},
	}
	other := v.Clone()
	other.KeyspaceRoutingRules[0].FromKeyspace, other.MirrorRules[0].FromTable = "x", "x"
	require.Equal(t, "a", v.KeyspaceRoutingRules[0].FromKeyspace)
	require.Equal(t, "a", v.MirrorRules[0].FromTable)
	require.False(t, v.Equal(other))
	require.True(t, v.Equal(v.Clone()))

	tablet := topodata.Tablet{Tags: map[string]string{"a": "1"}}
	tablet.Clone().Tags["a"] = "2"
	require.Equal(t, "1", tablet.Tags["a"])
}

// An empty list holds every cell. spec: O-16
func TestInCellList(t *testing.T) {
	require.True(t, topodata.InCellList("zone1", nil))
	require.True(t, topodata.InCellList("zone1", []string{"zone2", "zone1"}))
	require.False(t, topodata.InCellList("zone1", []string{"zone2"}))
}
