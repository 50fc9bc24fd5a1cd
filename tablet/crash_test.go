package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// A crash of the primary's MySQL: not serving soon, serving again a second after it is back,
// but read-only, until somebody makes it writable.
// spec: T-60, T-88, T-93, T-121, T-139
func TestMySQLCrash(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		require.NoError(x, db.insert(1))
		var running error
		x.env.Go("read", func() { _, running = db.call("query.Execute", sleepFor(time.Minute), 0) })
		x.env.Sleep(10 * time.Millisecond)
		host := x.hosts[mysqld.HostName(alias(primary))]
		host.Crash()
		host.Restart()
		x.env.Sleep(100 * time.Millisecond)
		require.Equal(x, vterr.Canceled, vterr.CodeOf(running))
		require.ErrorContains(x, running, "EOF (errno 2013)")
		x.env.Sleep(1100 * time.Millisecond)
		require.True(x, x.tablets[primary].Status().Serving)
		require.NoError(x, db.read())
		require.ErrorContains(x, db.insert(2), "(errno 1290)")
		require.NoError(x, x.tmc.SetReadWrite(x.within(remoteTimeout), alias(primary)))
		require.NoError(x, db.insert(3))
		require.EqualValues(x, 2, x.count(primary), "committed rows survive")
	})
}

// A MySQL server that stays away keeps the tablet from serving, for as long as it does.
// spec: T-21, T-154
func TestMySQLStaysAway(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		host := x.hosts[mysqld.HostName(alias(primary))]
		host.Crash()
		require.Error(x, db.read())
		x.eventually("not connected", func() bool { return x.tablets[primary].Status().State == tablet.NotConnected })
		require.EqualError(x, db.read(), "operation not allowed in state NOT_SERVING")
		x.env.Sleep(10 * time.Second)
		require.False(x, x.tablets[primary].Status().Serving)
		host.Restart()
		require.LessOrEqual(x, x.took(func() { x.eventually("serving", func() bool { return x.tablets[primary].Status().Serving }) }), 1100*time.Millisecond)
	})
}

// Transactions that were in the log and not acknowledged when MySQL crashed are committed by
// its recovery; the relay log is lost, and replication does not start by itself.
// spec: T-109, T-126, T-153
func TestMySQLRecovery(t *testing.T) {
	play(t, setting{durability: "semi_sync", mysql: func(m *mysqld.Timings) { m.ApplyRate = 1 }}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		x.env.Go("write", func() { _ = x.dial(primary, topodata.Primary).insert(1) })
		x.env.Sleep(time.Second)
		require.EqualValues(x, 0, x.count(primary))
		host := x.hosts[mysqld.HostName(alias(primary))]
		host.Crash()
		host.Restart()
		x.env.Sleep(10 * time.Millisecond)
		require.EqualValues(x, 1, x.count(primary))

		require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), true))
		x.env.Sleep(500 * time.Millisecond)
		received, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.True(x, received.RelayLogPosition.Contains(x.mysql[primary].Executed()))
		host = x.hosts[mysqld.HostName(alias(replica1))]
		host.Crash()
		host.Restart()
		x.env.Sleep(10 * time.Millisecond)
		after, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.True(x, after.RelayLogPosition.IsEmpty())
		require.False(x, after.IOHealthy())
		require.Equal(x, alias(primary), after.Source)
	})
}

// kill -9 of vttablet: calls break, MySQL goes on, the tablet comes back with its term. The
// write that was under way is committed, though nobody was told.
// spec: T-86, T-92, T-157
func TestTabletCrash(t *testing.T) {
	play(t, setting{mysql: func(m *mysqld.Timings) { m.Write = mysqld.DefaultTimings().Read }}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		require.NoError(x, db.insert(1))
		before := x.tablets[primary].Status()
		var broken error
		x.env.Go("write", func() {
			st := insert(2)
			st.Cost = time.Minute
			_, broken = db.call("query.Execute", st, 0)
		})
		tx, err := x.dial(primary, topodata.Primary).begin(3)
		require.NoError(x, err)
		require.NotZero(x, tx)
		x.env.Sleep(10 * time.Millisecond)
		host := x.hosts[alias(primary).String()]
		host.Crash()
		x.env.Sleep(100 * time.Millisecond)
		require.Error(x, broken)
		require.Error(x, db.read())
		require.EqualValues(x, 2, x.count(primary), "the open transaction is rolled back, the write is not")
		host.Restart()
		x.eventually("serving", func() bool { return db.insert(4) == nil })
		after := x.tablets[primary].Status()
		require.Equal(x, before.Term, after.Term)
		require.Equal(x, topodata.Primary, after.Type)
	})
}

// A primary that was replaced while it was down comes back as a replica of the new one.
// spec: T-86, T-87, R-111
func TestReplacedPrimaryComesBack(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		x.env.Sleep(100 * time.Millisecond)
		host := x.hosts[alias(primary).String()]
		host.Crash()
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), true)
		require.NoError(x, err)
		x.env.Sleep(100 * time.Millisecond)
		host.Restart()
		x.eventually("replica", func() bool {
			status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(primary))
			return err == nil && status.Source == alias(replica1) && status.Healthy()
		})
		require.Equal(x, topodata.Replica, x.tablets[primary].Status().Type)
	})
}

// SIGTERM: for ten seconds new calls are refused as if nobody listened, while the stream
// still says serving; then the stream ends and the record loses its addresses.
// spec: T-71, T-89, T-90, T-91, T-143
func TestTerminate(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		require.NoError(x, db.insert(1))
		messages := x.watchHealth(primary)
		x.env.Sleep(time.Second)
		x.tabletEnv(primary).Go("term", x.tablets[primary].Terminate)
		x.env.Sleep(5 * time.Second)
		refused := db.read()
		require.Equal(x, vterr.Unavailable, vterr.CodeOf(refused))
		require.ErrorContains(x, refused, "connect: connection refused")
		require.True(x, (*messages)[len(*messages)-1].msg.Serving)
		x.env.Sleep(5100 * time.Millisecond)
		require.True(x, x.tablets[primary].Stopped().IsSet())
		record, err := x.topo.GetTablet(x.env.Background(), alias(primary))
		require.NoError(x, err)
		require.Empty(x, record.Hostname)
		require.Equal(x, topodata.Primary, record.Type)
		require.NotZero(x, record.PrimaryTermStartTime)
	})
}

// A tablet that must not be primary, or of a shard that its record does not have, does not
// start.
// spec: T-85
func TestStartRefused(t *testing.T) {
	for _, c := range []struct{ initType, text string }{
		{"PRIMARY", "invalid init-tablet-type PRIMARY; can only be REPLICA, RDONLY or SPARE"},
		{"rdonly", ""},
	} {
		play(t, setting{}, func(x *stage) {
			f := flags.Defaults(latest())
			f.VTTablet.InitTabletType = c.initType
			err := x.extraTablet(200, f)
			if c.text == "" {
				require.NoError(x, err)
				require.Equal(x, topodata.RDOnly, x.tablets[200].Status().Type)
				return
			}
			require.EqualError(x, err, c.text)
		})
	}
}
