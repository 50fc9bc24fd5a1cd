package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
)

// A shard made by InitKeyspace serves, and writes reach all replicas.
// spec: T-107, T-114
func TestShardServes(t *testing.T) {
	x := play(t, setting{durability: "semi_sync"}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		for key := range int64(10) {
			require.NoError(x, db.insert(key+1))
		}
		require.NoError(x, x.dial(replica1, topodata.Replica).read())
		x.env.Sleep(100 * time.Millisecond)
		for _, uid := range uids() {
			require.EqualValues(x, 10, x.count(uid), uid)
		}
	})
	for _, uid := range uids() {
		require.Equal(t, x.mysql[primary].Executed().String(), x.mysql[uid].Executed().String())
	}
}
