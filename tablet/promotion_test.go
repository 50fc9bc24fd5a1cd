package tablet_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// reparent moves the primary as a planned reparent does, without its lock and checks.
func (x *stage) reparent(to uint32, semiSync bool) {
	before, err := x.tmc.PrimaryPosition(x.within(remoteTimeout), alias(primary))
	require.NoError(x, err)
	require.NoError(x, x.tmc.SetReplicationSource(x.within(remoteTimeout), alias(to), tmclient.SetReplicationSourceRequest{
		Parent: alias(primary), WaitPosition: before, HasWaitPosition: true, ForceStart: true, SemiSync: semiSync,
	}))
	demoted, err := x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), false)
	require.NoError(x, err)
	require.NoError(x, x.tmc.WaitForPosition(x.within(remoteTimeout), alias(to), demoted.Position))
	x.promote(to, semiSync)
}

// promote promotes one tablet and repoints the others.
func (x *stage) promote(to uint32, semiSync bool) {
	at := topodata.Timestamp(x.env.Wall())
	group := x.env.NewWaitGroup("repoint")
	for _, uid := range uids() {
		if uid == to {
			continue
		}
		group.Go("repoint", func() {
			require.NoError(x, x.tmc.SetReplicationSource(x.within(remoteTimeout), alias(uid), tmclient.SetReplicationSourceRequest{
				Parent: alias(to), JournalTime: at, SemiSync: semiSync,
			}))
		})
	}
	position, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(to), semiSync)
	require.NoError(x, err)
	require.NoError(x, x.tmc.PopulateReparentJournal(x.within(remoteTimeout), alias(to), tmclient.PopulateReparentJournalRequest{
		JournalTime: at, Action: "PlannedReparentShard", Primary: alias(to), Position: position,
	}))
	group.Wait()
}

// The steps of a promotion in order: topology, MySQL, service, shard record; and the old
// primary is a replica before the new one serves.
// spec, T-81, T-82, T-135, R-224
func TestPromotionOrder(t *testing.T) {
	x := play(t, setting{durability: "semi_sync", realTimings: true}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		x.reparent(replica1, true)
		require.NoError(x, x.dial(replica1, topodata.Primary).insert(2))
		x.env.Sleep(200 * time.Millisecond)
		for _, uid := range uids() {
			require.EqualValues(x, 2, x.count(uid), uid)
		}
		shard, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
		require.NoError(x, err)
		require.Equal(x, alias(replica1), shard.PrimaryAlias)
		old, err := x.topo.GetTablet(x.env.Background(), alias(primary))
		require.NoError(x, err)
		require.Equal(x, topodata.Replica, old.Type)
		require.Zero(x, old.PrimaryTermStartTime)
	})
	order := []struct {
		host uint32
		kind trace.Kind
		has  string
	}{
		{primary, tablet.KindDrain, "phase=begin"},
		{primary, tablet.KindState, "type=PRIMARY state=Not Serving"},
		{primary, tablet.KindState, "type=REPLICA state=Serving"},
		{replica1, tablet.KindRecord, "type=PRIMARY"},
		{replica1, tablet.KindStep, "call=ChangeTabletType step=read_write"},
		{replica1, tablet.KindState, "type=PRIMARY state=Serving"},
		{replica1, tablet.KindHealth, "type=PRIMARY serving=1"},
		{replica1, tablet.KindShardSync, "what=written"},
	}
	last := -1
	for _, o := range order {
		at := slices.IndexFunc(x.events.events, func(e trace.Event) bool {
			return sim.Time(e.Time) >= x.began && e.Host == alias(o.host).String() && e.Kind == o.kind && len(text(e)) >= len(o.has) && text(e)[:len(o.has)] == o.has
		})
		require.Greater(t, at, last, "%v", o)
		last = at
	}
}

// Promotion kills running transactional reads of the replica and leaves other reads alone.
// spec: T-136, T-146
func TestPromotionAndReads(t *testing.T) {
	play(t, setting{release: "v21"}, func(x *stage) {
		var outside, inside error
		db := x.dial(replica1, topodata.Replica)
		x.env.Go("outside", func() { _, outside = db.call(query.MethodExecute, sleepFor(2*time.Second), 0) })
		x.env.Go("inside", func() {
			_, inside = x.dial(replica1, topodata.Replica).call(query.MethodBeginExecute, sleepFor(time.Minute), 0)
		})
		x.env.Sleep(100 * time.Millisecond)
		x.reparent(replica1, false)
		require.ErrorContains(x, inside, "QueryList.TerminateAll()")
		require.EqualError(x, db.read(), "wrong tablet type: REPLICA, want: PRIMARY or []")
		x.env.Sleep(2 * time.Second)
		require.NoError(x, outside)
	})
}

// Waiting for a position takes whole seconds: one less than a deadline that is a little
// under a whole number, and a text that depends on the release.
// spec, T-111, R-9
func TestWaitForPosition(t *testing.T) {
	var far gtid.Set
	far.AddRange(gtid.ServerUUID(primary), 1, 1000)
	set := far.String()
	for _, c := range []struct {
		release string
		timeout time.Duration
		took    time.Duration
		text    string
	}{
		{"v24", 15 * time.Second, 14 * time.Second, "rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position " + set},
		{"v24", 1900 * time.Millisecond, time.Second, "rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position " + set},
		{"v24", 500 * time.Millisecond, 500 * time.Millisecond, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"},
		{"v12", 30 * time.Second, 29 * time.Second, "rpc error: code = Unknown desc = TabletManager.WaitForPosition on zone1-0000000101 error: timed out waiting for position " + set + ": timed out waiting for position " + set},
	} {
		play(t, setting{release: c.release}, func(x *stage) {
			var err error
			took := x.took(func() { err = x.tmc.WaitForPosition(x.within(c.timeout), alias(replica1), far) })
			require.EqualError(x, err, c.text)
			require.InDelta(x, c.took, took, float64(5*time.Millisecond))
			require.NoError(x, x.tmc.WaitForPosition(x.within(c.timeout), alias(replica1), x.mysql[primary].Executed()))
		})
	}
	play(t, setting{release: "v18"}, func(x *stage) {
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		require.ErrorContains(x, x.tmc.WaitForPosition(x.within(remoteTimeout), alias(replica1), far), "replication is probably stopped")
	})
}

// A replica lags because it is too slow, or because it is told to.
// spec: T-107, T-108
func TestLag(t *testing.T) {
	play(t, setting{mysql: func(m *mysqld.Timings) { m.ApplyRate = 10 }}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		for key := range int64(50) {
			require.NoError(x, db.insert(key+1))
		}
		took := x.took(func() {
			require.NoError(x, x.tmc.WaitForPosition(x.within(remoteTimeout), alias(replica1), x.mysql[primary].Executed()))
		})
		require.InDelta(x, 5*time.Second, took, float64(200*time.Millisecond))
	})
	play(t, setting{mysql: func(m *mysqld.Timings) { m.SourceDelay = 4 * time.Second }}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		committed := x.env.Now()
		x.env.Sleep(2500 * time.Millisecond)
		status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.False(x, status.LagUnknown)
		require.Equal(x, 2*time.Second, status.Lag)
		require.True(x, status.RelayLogPosition.Contains(x.mysql[primary].Executed()), "received but not applied")
		require.NoError(x, x.tmc.WaitForPosition(x.within(remoteTimeout), alias(replica1), x.mysql[primary].Executed()))
		require.InDelta(x, 5*time.Second, x.env.Now().Sub(committed), float64(5*time.Millisecond), "MySQL rounds the delay up to the next second")
	})
}

// Without an acknowledging replica a commit hangs; a later acknowledged one lets it go.
// spec: T-114, T-116, T-118, T-152
func TestSemiSyncHangAndRelease(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		done := x.env.NewEvent("written")
		x.env.Go("write", func() {
			require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
			done.Set()
		})
		x.env.Sleep(5 * time.Second)
		require.False(x, done.IsSet())
		require.EqualValues(x, 0, x.count(primary), "not visible before it is acknowledged")
		require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), true))
		require.Less(x, x.took(done.Wait), 100*time.Millisecond)
		require.EqualValues(x, 1, x.count(primary))
	})
}

// A replica that received the waiting transaction without being an acknowledger releases
// nobody when it comes back as one; the monitor's next write does.
// spec: T-113, T-118, T-118a
func TestAcknowledgerThatHasItAlready(t *testing.T) {
	for _, c := range []struct {
		release  string
		released bool
	}{{"v24", true}, {"v21", false}} {
		play(t, setting{durability: "semi_sync", release: c.release}, func(x *stage) {
			for _, uid := range []uint32{replica1, replica2} {
				require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
			}
			require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), false))
			done := x.env.NewEvent("written")
			x.env.Go("write", func() {
				if x.dial(primary, topodata.Primary).insert(1) == nil {
					done.Set()
				}
			})
			x.env.Sleep(time.Second)
			require.EqualValues(x, 1, x.count(replica1), "received and applied, not acknowledged")
			require.NoError(x, x.tmc.RestartReplication(x.within(remoteTimeout), alias(replica1), true))
			x.env.Sleep(20 * time.Second)
			require.Equal(x, c.released, done.IsSet(), c.release)
		})
	}
}

// A primary that is not the shard record's any more becomes a replica by itself.
// spec: T-82, T-83, R-111, R-120, R-215
func TestStaleTermEnds(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		require.NoError(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(replica1), topodata.Primary, false))
		require.NoError(x, x.tmc.SetReadWrite(x.within(remoteTimeout), alias(replica1)))
		x.eventually("old primary is a replica of the new one", func() bool {
			status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(primary))
			return err == nil && status.Source == alias(replica1) && x.tablets[primary].Status().Type == topodata.Replica
		})
		require.ErrorContains(x, x.dial(primary, topodata.Primary).insert(1), "wrong tablet type")
		full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(primary))
		require.NoError(x, err)
		require.True(x, full.SuperReadOnly)
	})
	require.Contains(t, x.since(primary, tablet.KindShardSync), "what=ended primary=zone1-0000000101 ")
}

// A server with a transaction that the new source lacks is not attached to it.
// spec: R-37, T-117, T-126, F11
func TestErrantTransaction(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		x.demote()
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
		require.NoError(x, err)
		err = x.tmc.SetReplicationSource(x.within(remoteTimeout), alias(primary), tmclient.SetReplicationSourceRequest{Parent: alias(replica1)})
		require.Equal(x, vterr.FailedPrecondition, vterr.CodeOf(err))
		require.ErrorContains(x, err, "Errant GTID detected - "+gtid.ServerUUID(primary).String()+":1; Primary GTID - ")
		require.Equal(x, topodata.Replica, x.tablets[primary].Status().Type, "the type changes before anything can fail")
	})
}
