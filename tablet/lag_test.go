package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/tablet/mysqld"
)

func heartbeatsOn(f *flags.Set) {
	f.VTTablet.HeartbeatEnable, f.VTTablet.EnableReplicationReporter = true, true
	f.VTTablet.HealthCheckInterval, f.VTTablet.UnhealthyThreshold = time.Second, 5*time.Second
}

// lastHeard gives the lag, the error and the serving state of the latest message.
func lastHeard(messages *[]heard) (lag uint32, healthError string, serving bool) {
	m := (*messages)[len(*messages)-1].msg
	return m.RealtimeStats.ReplicationLagSeconds, m.RealtimeStats.HealthError, m.Serving
}

// Heartbeats measure what replication really lags: the row of the primary grows old on a
// replica that does not apply, beyond the threshold the replica does not serve, and when it
// applies again it does. They go before the reporter.
// spec: T-74, T-78
func TestHeartbeatLag(t *testing.T) {
	play(t, setting{change: heartbeatsOn}, func(x *stage) {
		messages := x.watchHealth(replica1)
		x.env.Sleep(5 * time.Second)
		lag, text, serving := lastHeard(messages)
		require.LessOrEqual(x, lag, uint32(1))
		require.True(x, serving, text)
		require.NoError(x, x.mysql[replica1].Client(x.env).StopApplier())
		x.env.Sleep(4 * time.Second)
		lag, _, serving = lastHeard(messages)
		require.InDelta(x, 4, lag, 1)
		require.True(x, serving)
		x.env.Sleep(4 * time.Second)
		_, text, serving = lastHeard(messages)
		require.False(x, serving)
		require.Empty(x, text, "lag alone is no error")
		require.EqualError(x, x.dial(replica1, topodata.Replica).read(), "operation not allowed in state NOT_SERVING")
		require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), false))
		x.env.Sleep(3 * time.Second)
		_, _, serving = lastHeard(messages)
		require.True(x, serving)
	})
}

// The row is an ordinary transaction every interval, at most every second and by default not
// less than four times in it; it ends with the term, and the new primary goes on.
// spec: T-78, T-122
func TestHeartbeatWrites(t *testing.T) {
	for interval, want := range map[time.Duration]int64{time.Second: 10, 500 * time.Millisecond: 20, time.Minute: 10, 0: 40} {
		play(t, setting{change: func(f *flags.Set) { heartbeatsOn(f); f.VTTablet.HeartbeatInterval = interval }}, func(x *stage) {
			before := x.mysql[primary].Executed().Count()
			x.env.Sleep(10 * time.Second)
			require.InDelta(x, want, x.mysql[primary].Executed().Count()-before, 1, interval)
			if interval != time.Second {
				return
			}
			x.reparent(replica1, false)
			x.env.Sleep(10 * time.Millisecond)
			old := x.mysql[primary].Executed().Last(x.mysql[primary].UUID())
			x.env.Sleep(10 * time.Second)
			require.Equal(x, old, x.mysql[primary].Executed().Last(x.mysql[primary].UUID()))
			require.InDelta(x, 10, x.mysql[replica1].Executed().Last(x.mysql[replica1].UUID()), 2)
		})
	}
}

// On demand they are written only for a while after somebody asked.
// spec: T-78
func TestHeartbeatsOnDemand(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { heartbeatsOn(f); f.VTTablet.HeartbeatOnDemandDuration = 3 * time.Second }}, func(x *stage) {
		x.env.Sleep(5 * time.Second)
		before := x.mysql[primary].Executed().Count()
		x.env.Sleep(5 * time.Second)
		require.Equal(x, before, x.mysql[primary].Executed().Count())
		x.tablets[primary].RequestHeartbeats()
		x.env.Sleep(10 * time.Second)
		require.InDelta(x, 3, x.mysql[primary].Executed().Count()-before, 1)
	})
}

// A replica that cannot read the row says so, and after two intervals without one that it
// gets none.
// spec: T-76, T-78, T-145
func TestHeartbeatErrors(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { heartbeatsOn(f); f.VTTablet.HealthCheckInterval = 200 * time.Millisecond }}, func(x *stage) {
		messages := x.watchHealth(replica1)
		x.env.Sleep(3 * time.Second)
		x.hosts[mysqld.HostName(alias(replica1))].Crash()
		x.env.Sleep(1500 * time.Millisecond)
		_, text, serving := lastHeard(messages)
		require.Equal(x, "failed to read most recent heartbeat: can't connect to local MySQL server through socket (errno 2002) (sqlstate HY000)", text)
		require.False(x, serving)
		x.env.Sleep(2 * time.Second)
		_, text, serving = lastHeard(messages)
		require.Equal(x, "no heartbeat received in over 2x the heartbeat interval", text)
		require.False(x, serving)
	})
}

// Asking MySQL: a replica that never replicated has an error, one without a source MySQL's
// own; one that stops counts on from its last lag; a MySQL that hangs is given five seconds.
// spec: T-74, T-76, T-79, T-108
func TestPollingErrors(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) {
		f.VTTablet.EnableReplicationReporter, f.VTTablet.HealthCheckInterval = true, time.Second
	}}, func(x *stage) {
		x.hosts[alias(replica1).String()].Crash()
		mysql := x.mysql[replica1].Client(x.env)
		require.NoError(x, mysql.StopReplication(false))
		x.hosts["topo"].Crash()
		x.hosts[alias(replica2).String()].Crash()
		x.hosts["topo"].Restart()
		messages := x.watchHealth(primary)
		x.env.Sleep(5 * time.Second)
		_, text, serving := lastHeard(messages)
		require.True(x, serving && text == "", "a primary does not ask")

		x.hosts[alias(replica1).String()].Restart()
		x.eventually("started", func() bool { return x.dial(replica1, topodata.Replica).read() == nil })
		messages = x.watchHealth(replica1)
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		x.env.Sleep(4500 * time.Millisecond)
		lag, text, serving := lastHeard(messages)
		require.Empty(x, text)
		require.True(x, serving)
		require.EqualValues(x, 4, lag)
		require.NoError(x, mysql.ResetReplica())
		x.env.Sleep(1100 * time.Millisecond)
		_, text, serving = lastHeard(messages)
		require.Equal(x, mysqld.ErrNotReplica.Error(), text)
		require.False(x, serving)

		x.hosts[mysqld.HostName(alias(replica1))].Pause()
		x.env.Sleep(10 * time.Second)
		_, text, _ = lastHeard(messages)
		require.Equal(x, "context deadline exceeded", text)
	})
}

// A disk that takes no writes for longer than the timeout ends the advertisement, at the next
// tick and not at once, and nothing else: reads are answered. Before v22, and without the
// flag, nobody looks.
// spec: T-11, T-12, T-13, T-73
func TestDiskStallHealth(t *testing.T) {
	for _, c := range []struct {
		release, dir string
		notices      bool
	}{{"v24", "/vt", true}, {"v24", "", false}, {"v21", "/vt", false}} {
		play(t, setting{release: c.release, change: func(f *flags.Set) { f.VTTablet.DiskWriteDir = c.dir }}, func(x *stage) {
			messages := x.watchHealth(primary)
			x.env.Sleep(time.Second)
			x.mysql[primary].SetDiskStalled(true)
			x.env.Sleep(36 * time.Second)
			require.Equal(x, !c.notices, x.tablets[primary].Status().Serving)
			_, _, serving := lastHeard(messages)
			require.True(x, serving, "becoming stalled is not broadcast")
			require.NoError(x, x.dial(primary, topodata.Primary).read())
			x.env.Sleep(20 * time.Second)
			_, text, serving := lastHeard(messages)
			require.Equal(x, !c.notices, serving)
			require.Empty(x, text)
			full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(primary))
			require.NoError(x, err)
			require.Equal(x, c.notices, full.DiskStalled)
			x.mysql[primary].SetDiskStalled(false)
			x.env.Sleep(40 * time.Second)
			_, _, serving = lastHeard(messages)
			require.True(x, serving)
		})
	}
}

// A MySQL whose process is frozen answers nothing; a statement waits for its own timeout, and
// goes on if the process does before.
// spec: T-50, T-51
func TestFrozenMySQL(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		host := x.hosts[mysqld.HostName(alias(primary))]
		db := x.dial(primary, topodata.Primary)
		host.Pause()
		require.InDelta(x, 30*time.Second, x.took(func() { require.ErrorContains(x, db.insert(1), "maximum statement execution time exceeded") }), float64(10*time.Millisecond))
		x.env.Go("thaw", func() { x.env.Sleep(10 * time.Second); host.Resume() })
		var results [2]error
		group := x.env.NewWaitGroup("group")
		group.Go("read", func() { results[0] = db.read() })
		group.Go("write", func() { results[1] = db.insert(2) })
		require.InDelta(x, 10*time.Second, x.took(group.Wait), float64(10*time.Millisecond))
		require.Equal(x, [2]error{}, results)
		x.env.Sleep(time.Second)
		require.EqualValues(x, 1, x.count(primary), "the statement that was given up has no effect")
	})
}

// Terms follow the wall clock of their host, durations do not: a new primary whose clock is
// an hour behind has a term older than the shard record's, and ends it.
// spec: T-81, T-82, T-83
func TestClockStep(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.hosts[alias(replica1).String()].StepClock(-time.Hour)
		before := x.tablets[primary].Status().Term
		require.Less(x, x.took(func() { x.demote() }), time.Second)
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
		require.NoError(x, err)
		require.Less(x, x.tablets[replica1].Status().Term, before)
		x.eventually("the term ends", func() bool { return x.tablets[replica1].Status().Type == topodata.Replica })
		shard, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
		require.NoError(x, err)
		require.Equal(x, alias(primary), shard.PrimaryAlias)
	})
}
