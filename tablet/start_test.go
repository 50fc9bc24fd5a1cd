package tablet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// restart crashes a tablet's process and starts it again; prepare runs in between.
func (x *stage) restart(uid uint32, prepare func()) error {
	host := x.hosts[alias(uid).String()]
	host.Crash()
	prepare()
	notYet := errors.New("not yet")
	x.started[uid] = notYet
	host.Restart()
	x.eventually("the start is over", func() bool { return !errors.Is(x.started[uid], notYet) })
	return x.started[uid]
}

// A replica that starts is an acknowledger from its first connection on, if the policy has it
// be one, and none if not, whatever its server was before.
// spec: T-87, T-113, R-13
func TestSemiSyncSideAtStart(t *testing.T) {
	for policy, acks := range map[string]bool{"semi_sync": true, "none": false} {
		play(t, setting{durability: policy}, func(x *stage) {
			err := x.restart(replica1, func() {
				mysql := x.mysql[replica1].Client(x.env)
				require.NoError(x, mysql.StopReplication(false))
				require.NoError(x, mysql.SetSemiSync(false, !acks))
			})
			require.NoError(x, err)
			x.env.Sleep(time.Second)
			state, err := x.mysql[primary].Client(x.env).SemiSync()
			require.NoError(x, err)
			want := 0
			if acks {
				want = 2
			}
			require.Equal(x, want, state.Ackers, policy)
			require.True(x, x.replication(replica1).Healthy())
		})
	}
}

// A replica with a transaction that the primary lacks does not start from v22 on, and its
// replication stays as it was; before, nobody looks.
// spec: T-87, R-37
func TestErrantReplicaDoesNotStart(t *testing.T) {
	for release, starts := range map[string]bool{"v22": false, "v21": true} {
		play(t, setting{release: release}, func(x *stage) {
			err := x.restart(replica1, func() { require.NoError(x, x.mysql[replica1].Client(x.env).WriteErrant()) })
			if starts {
				require.NoError(x, err)
				require.True(x, x.replication(replica1).Healthy())
				return
			}
			require.ErrorContains(x, err, "Errant GTID detected - ")
			status, err := x.mysql[replica1].Client(x.env).ReplicationStatus()
			require.NoError(x, err)
			require.Equal(x, mysqld.Stopped, status.IO)
		})
	}
}

// A shard that names no primary, or the tablet itself, attaches a replica that starts to nobody.
// spec: T-87
func TestStartWithoutAPrimary(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		err := x.restart(replica1, func() {
			require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
			x.hosts[alias(primary).String()].Crash() // it would name itself
			x.name(topodata.TabletAlias{}, 0)
		})
		require.NoError(x, err)
		require.False(x, x.replication(replica1).IOHealthy())
		require.Equal(x, topodata.Replica, x.tablets[replica1].Status().Type)
	})
}

// What makes a fresh replica: ResetReplication leaves no source and no history, and InitReplica
// takes the position over before it connects, so that nothing before it is asked for.
// spec: R-42, T-110
func TestFreshReplica(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		for key := range int64(3) {
			require.NoError(x, db.insert(key))
		}
		position := x.mysql[primary].Executed()
		x.env.Sleep(time.Second)
		require.NoError(x, x.tmc.ResetReplication(x.within(remoteTimeout), alias(replica1)))
		full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.Nil(x, full.Replication)
		require.True(x, full.Primary.Position.IsEmpty())
		require.False(x, full.SemiSyncReplicaEnabled)

		before, _ := x.mysql[replica1].Table("t")
		x.env.Go("journal", func() {
			x.env.Sleep(2 * time.Second)
			require.NoError(x, x.tmc.PopulateReparentJournal(x.within(remoteTimeout), alias(primary), tmclient.PopulateReparentJournalRequest{JournalTime: 9, Action: "test"}))
		})
		took := x.took(func() {
			require.NoError(x, x.tmc.InitReplica(x.within(remoteTimeout), alias(replica1), tmclient.InitReplicaRequest{
				Parent: alias(primary), Position: position, JournalTime: 9, SemiSync: true,
			}))
		})
		require.InDelta(x, 2*time.Second, took, float64(150*time.Millisecond), "until the journal's row is there")
		after, _ := x.mysql[replica1].Table("t")
		require.Equal(x, before.Writes, after.Writes, "nothing from before the position")
		require.Equal(x, x.mysql[primary].Executed().String(), x.mysql[replica1].Executed().String())
		full, err = x.tmc.FullStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.True(x, full.SemiSyncReplicaEnabled)
		require.Equal(x, alias(primary), full.Replication.Source)
	})
}
