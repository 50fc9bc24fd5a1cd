package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet"
)

// A commit that was answered is there to stay. One that failed after it was in the log is
// unknown to its client, and commits later; the events say which is which.
// spec: T-67, T-125
func TestOutcomesOfCommits(t *testing.T) {
	own := gtid.ServerUUID(primary).String()
	x := play(t, setting{durability: "semi_sync"}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		require.NoError(x, db.insert(1))
		tx, err := db.begin(2)
		require.NoError(x, err)
		require.NoError(x, db.commit(tx))
		empty, err := db.begin(3)
		require.NoError(x, err)
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		x.env.Go("hangs", func() { require.Error(x, db.insert(4)) })
		x.env.Sleep(10 * time.Millisecond)
		_, err = x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), true) // kills the write and the open transaction
		require.NoError(x, err)
		require.Error(x, db.commit(empty))
		require.EqualValues(x, 3, x.count(primary), "the killed write is committed all the same")
	})
	require.Equal(t, []string{
		"request= gtid=" + own + ":1 outcome=ok ",
		"request= gtid=" + own + ":2 outcome=ok ",
		"request= gtid=" + own + ":3 outcome=unknown ",
	}, x.since(primary, tablet.KindCommit))
}

// The durations of a process's own work can be changed while it runs, for it alone.
// spec: T-30
func TestSetTimings(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.tablets[primary].SetTimings(func(m *tablet.Timings) { m.CloseServices = sim.Constant(2 * time.Second) })
		require.InDelta(x, 2*time.Second, x.demote(), float64(20*time.Millisecond))
		require.Less(x, x.took(func() {
			_, err := x.tmc.DemotePrimary(x.within(remoteTimeout), alias(replica1), false)
			require.NoError(x, err)
		}), time.Second)
	})
}
