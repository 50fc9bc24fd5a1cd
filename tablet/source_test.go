package tablet_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
	"bufsim/topo/wire"
)

// attach calls SetReplicationSource.
func (x *stage) attach(uid uint32, r tmclient.SetReplicationSourceRequest) error {
	return x.tmc.SetReplicationSource(x.within(remoteTimeout), alias(uid), r)
}

func (x *stage) replication(uid uint32) tmclient.ReplicationStatus {
	status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(uid))
	require.NoError(x, err)
	return status
}

// Whether replication runs after a change of source: if any thread ran before, or if it is
// forced; what was stopped on purpose stays stopped, and is not waited for.
// spec
func TestWhoReplicatesAfterwards(t *testing.T) {
	for _, c := range []struct {
		name  string
		stop  func(x *stage) error
		force bool
		runs  bool
	}{
		{"both ran", func(*stage) error { return nil }, false, true},
		{"the receiver ran", func(x *stage) error { return x.mysql[replica1].Client(x.env).StopApplier() }, false, true},
		{"the applier ran", func(x *stage) error { return x.mysql[replica1].Client(x.env).StopReplication(true) }, false, true},
		{"none ran", func(x *stage) error { return x.mysql[replica1].Client(x.env).StopReplication(false) }, false, false},
		{"none ran, forced", func(x *stage) error { return x.mysql[replica1].Client(x.env).StopReplication(false) }, true, true},
	} {
		for _, parent := range []uint32{primary, replica2} { // the same source and another one
			play(t, setting{}, func(x *stage) {
				require.NoError(x, c.stop(x))
				var far gtid.Set
				if !c.runs {
					far.AddRange(gtid.ServerUUID(primary), 1, 1000)
				}
				took := x.took(func() {
					require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{
						Parent: alias(parent), ForceStart: c.force, WaitPosition: far, HasWaitPosition: true,
					}), c.name)
				})
				require.Less(x, took, time.Second, "a stopped one is not waited for")
				x.env.Sleep(100 * time.Millisecond)
				status := x.replication(replica1)
				require.Equal(x, alias(parent), status.Source, c.name)
				require.Equal(x, c.runs, status.Healthy(), c.name)
			})
		}
	}
}

// The side of semi-sync that a call asks for counts at once, with the same source as with
// another one: the threads connect after it was set. Switched off it is off on both sides.
// spec
func TestSemiSyncSideOfASource(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		ackers := func(uid uint32) int {
			x.env.Sleep(100 * time.Millisecond)
			state, err := x.mysql[uid].Client(x.env).SemiSync()
			require.NoError(x, err)
			return state.Ackers
		}
		require.Equal(x, 2, ackers(primary))
		for _, on := range []bool{false, true, false} {
			require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(primary), SemiSync: on}))
			want := 1
			if on {
				want = 2
			}
			require.Equal(x, want, ackers(primary))
			full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(replica1))
			require.NoError(x, err)
			require.Equal(x, on, full.SemiSyncReplicaEnabled)
			require.False(x, full.SemiSyncPrimaryEnabled)
		}
		require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(replica2), SemiSync: true}))
		require.Equal(x, 1, ackers(replica2))
	})
}

// A call that brings a position waits until it is executed, one that brings a journal time until
// that very row is there.
// spec
func TestWaitsOfASource(t *testing.T) {
	play(t, setting{mysql: func(m *mysqld.Timings) { m.Apply = sim.Constant(3 * time.Second) }}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		set := x.mysql[primary].Executed()
		took := x.took(func() {
			require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(primary), WaitPosition: set, HasWaitPosition: true}))
		})
		require.Greater(x, took, 2*time.Second)
		require.True(x, x.mysql[replica1].Executed().Contains(set))
	})
	play(t, setting{}, func(x *stage) {
		journal := func(at topodata.Timestamp) {
			require.NoError(x, x.tmc.PopulateReparentJournal(x.within(remoteTimeout), alias(primary), tmclient.PopulateReparentJournalRequest{JournalTime: at, Action: "test"}))
		}
		journal(7)
		x.env.Sleep(time.Second)
		require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(primary), JournalTime: 7}))
		require.Error(x, x.tmc.SetReplicationSource(x.within(2*time.Second), alias(replica1), tmclient.SetReplicationSourceRequest{Parent: alias(primary), JournalTime: 8}))
		x.env.Go("journal", func() { x.env.Sleep(2 * time.Second); journal(8) })
		took := x.took(func() {
			require.NoError(x, x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(primary), JournalTime: 8}))
		})
		require.InDelta(x, 2*time.Second, took, float64(150*time.Millisecond))
	})
}

// What counts as errant: a transaction that the new source lacks, executed or only received,
// unless it is the source's own; how many others the source has more does not matter. A refusal
// leaves the source as it was.
// spec, T-103, T-126
func TestWhatIsErrant(t *testing.T) {
	write := func(x *stage, uid uint32) { require.NoError(x, x.mysql[uid].Client(x.env).WriteErrant()) }
	for _, c := range []struct {
		name    string
		prepare func(x *stage)
		errant  bool
	}{
		{"nothing", func(*stage) {}, false},
		{"an own transaction", func(x *stage) { write(x, replica1) }, true},
		{"an own transaction, and the source is far ahead", func(x *stage) {
			write(x, replica1)
			for key := range int64(20) {
				require.NoError(x, x.dial(primary, topodata.Primary).insert(key))
			}
		}, true},
		{"received from another server and not executed", func(x *stage) {
			require.NoError(x, x.mysql[replica1].Client(x.env).StopApplier())
			write(x, replica2)
			mysql := x.mysql[replica1].Client(x.env)
			require.NoError(x, mysql.StopReplication(false))
			require.NoError(x, mysql.ChangeSource(alias(replica2)))
			require.NoError(x, mysql.StartReplication())
			require.NoError(x, mysql.StopApplier())
			x.env.Sleep(time.Second)
		}, true},
		{"the source's own that it has lost", func(x *stage) {
			require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
			x.env.Sleep(time.Second)
			require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
			require.NoError(x, x.mysql[primary].Client(x.env).ResetBinaryLogs())
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, setting{mysql: func(m *mysqld.Timings) { m.Apply = sim.Constant(100 * time.Millisecond) }}, func(x *stage) {
				c.prepare(x)
				before := x.replication(replica1).Source
				err := x.attach(replica1, tmclient.SetReplicationSourceRequest{Parent: alias(primary), ForceStart: true})
				if !c.errant {
					require.NoError(x, err)
					return
				}
				require.ErrorContains(x, err, "Errant GTID detected - ")
				require.Equal(x, before, x.replication(replica1).Source)
			})
		})
	}
}

// The stop for an emergency stops the receiver alone and tells the state before and after.
// spec: R-41, T-103
func TestStopForAnEmergency(t *testing.T) {
	play(t, setting{mysql: func(m *mysqld.Timings) { m.Apply = sim.Constant(2 * time.Second) }}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		x.env.Sleep(time.Second)
		status, err := x.tmc.StopReplicationAndGetStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.True(x, status.Before.IOHealthy())
		require.False(x, status.After.IOHealthy())
		require.True(x, status.After.SQLHealthy())
		require.True(x, status.After.Position.IsEmpty())
		require.EqualValues(x, 1, status.After.RelayLogPosition.Count(), "received and not executed")
		x.env.Sleep(2 * time.Second)
		require.EqualValues(x, 1, x.count(replica1), "the applier goes on")
		require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
		require.NoError(x, x.mysql[replica1].Client(x.env).ChangeSource(alias(replica2)))
		after := x.replication(replica1)
		require.Equal(x, after.Position.String(), after.RelayLogPosition.String(), "executed counts though the relay log is gone")
		require.EqualValues(x, 1, after.RelayLogPosition.Count())
	})
}

// A shard record that can be read while the serving record cannot: nothing of it is applied.
// spec: O-74
func TestRefreshIsAllOrNothing(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		_, err := x.topo.UpdateShardFields(x.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
			s.TabletControls = []topodata.TabletControl{{TabletType: topodata.Replica, DeniedTables: []string{"t"}}}
			return nil
		})
		require.NoError(x, err)
		x.store.FailOn(wire.OpGet, regexp.MustCompile("SrvKeyspace"), topo.NewError(topo.Timeout, "SrvKeyspace"))
		require.Error(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(replica1)))
		require.NoError(x, x.dial(replica1, topodata.Replica).read())
		x.store.FailNothing()
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(replica1)))
		require.ErrorContains(x, x.dial(replica1, topodata.Replica).read(), "disallowed due to rule: enforce denied tables")
	})
}

// A former primary that asks MySQL for its lag says at once that it has none, since it has no
// source yet; one that asks nobody serves at once.
// spec: T-79
func TestFirstMessageOfAFormerPrimary(t *testing.T) {
	for _, asks := range []bool{true, false} {
		play(t, setting{change: func(f *flags.Set) { f.VTTablet.EnableReplicationReporter = asks }}, func(x *stage) {
			messages := x.watchHealth(primary)
			x.env.Sleep(time.Second)
			x.changeType(primary, topodata.Replica)
			x.env.Sleep(100 * time.Millisecond)
			_, text, serving := lastHeard(messages)
			require.Equal(x, !asks, serving)
			require.Equal(x, asks, text == mysqld.ErrNotReplica.Error(), text)
		})
	}
}
