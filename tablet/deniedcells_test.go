package tablet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
)

// A control of the shard's record is for one type of tablet, and for the cells that it names; one
// that names none is for all cells.
// spec: T-47
func TestDeniedTablesAreForTypesAndCells(t *testing.T) {
	for _, c := range []struct {
		control topodata.TabletControl
		denied  bool
	}{
		{topodata.TabletControl{TabletType: topodata.Primary}, true},
		{topodata.TabletControl{TabletType: topodata.Primary, Cells: []string{"zone2", "zone1"}}, true},
		{topodata.TabletControl{TabletType: topodata.Primary, Cells: []string{"zone2"}}, false},
		{topodata.TabletControl{TabletType: topodata.Replica}, false},
	} {
		play(t, setting{}, func(x *stage) {
			_, err := x.topo.UpdateShardFields(x.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
				c.control.DeniedTables = []string{"t"}
				s.TabletControls = []topodata.TabletControl{c.control}
				return nil
			})
			require.NoError(x, err)
			require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(primary)))
			err = x.dial(primary, topodata.Primary).insert(1)
			require.Equal(x, c.denied, err != nil, "%+v: %v", c.control, err)
		})
	}
}
