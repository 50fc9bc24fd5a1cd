package tablet_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// The states have Vitess's words, which stand in its logs.
// spec: T-10
func TestServingStateWords(t *testing.T) {
	for state, words := range map[tablet.ServingState]string{
		tablet.NotConnected: "Not connected to mysql", tablet.NotServing: "Not Serving", tablet.Serving: "Serving",
	} {
		require.Equal(t, words, state.String())
	}
}

// changeType tells a tablet its type, as the operator's command does.
func (x *stage) changeType(uid uint32, to topodata.TabletType) {
	require.NoError(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(uid), to, false))
}

// What a tablet of each type does after a change of type: it serves, it is connected and does
// not serve, or it lets MySQL go. Each change is one transition and one message; the lameduck
// of the moment is over.
// spec: T-2, T-20, T-24, T-25, T-26, T-27, T-29, T-72, T-138
func TestChangeOfType(t *testing.T) {
	for _, c := range []struct {
		to      topodata.TabletType
		state   tablet.ServingState
		refusal string
	}{
		{topodata.RDOnly, tablet.Serving, ""},
		{topodata.Drained, tablet.Serving, ""},
		{topodata.Experimental, tablet.Serving, ""},
		{topodata.Spare, tablet.NotServing, "operation not allowed in state NOT_SERVING"},
		{topodata.Backup, tablet.NotConnected, "operation not allowed in state NOT_SERVING"},
		{topodata.Restore, tablet.NotConnected, "operation not allowed in state NOT_SERVING"},
	} {
		x := play(t, setting{}, func(x *stage) {
			messages := x.watchHealth(replica1)
			x.env.Sleep(10 * time.Millisecond)
			x.tablets[replica1].EnterLameduck()
			x.changeType(replica1, c.to)
			x.env.Sleep(10 * time.Millisecond)
			status := x.tablets[replica1].Status()
			require.Equal(x, c.to, status.Type)
			require.Equal(x, c.state, status.State)
			require.Equal(x, c.state == tablet.Serving, status.Serving, "lameduck is over")
			require.Len(x, *messages, 2)
			require.Equal(x, c.state == tablet.Serving, (*messages)[1].msg.Serving)
			err := x.dial(replica1, c.to).read()
			if c.refusal == "" {
				require.NoError(x, err)
			} else {
				require.EqualError(x, err, c.refusal)
			}
			x.changeType(replica1, topodata.Replica)
			require.NoError(x, x.dial(replica1, topodata.Replica).read(), "and back")
		})
		require.Len(t, x.since(replica1, tablet.KindState), 2, c.to)
	}
}

// A command to be what the tablet is already does nothing and tells nobody; even a new term
// of a serving primary waits for the next tick.
// spec: T-20, T-72, T-77, T-148
func TestRepeatedPromotionIsNotBroadcast(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		messages := x.watchHealth(primary)
		x.env.Sleep(5 * time.Second)
		before := x.tablets[primary].Status().Term
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(primary), false)
		require.NoError(x, err)
		after := x.tablets[primary].Status().Term
		require.Greater(x, after, before)
		record, err := x.topo.GetTablet(x.env.Background(), alias(primary))
		require.NoError(x, err)
		require.Equal(x, after, record.PrimaryTermStartTime, "topology and memory have it at once")
		require.Len(x, *messages, 1)
		x.env.Sleep(20 * time.Second)
		require.Len(x, *messages, 2)
		require.Equal(x, after.Seconds(), (*messages)[1].msg.PrimaryTermStartTimestamp)
	})
	require.Empty(t, x.since(primary, tablet.KindState))
}

// Two terms that begin in the same second differ in the topology and not in the stream.
// spec: T-70, T-77, T-134
func TestTermsWithinASecond(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.env.SleepUntil(x.env.Now().Add(time.Second - time.Duration(x.env.Wall()%int64(time.Second))))
		messages := [2]*[]heard{x.watchHealth(replica1), x.watchHealth(replica2)}
		var terms [2]topodata.Timestamp
		for i, uid := range []uint32{replica1, replica2} {
			_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(uid), false)
			require.NoError(x, err)
			record, err := x.topo.GetTablet(x.env.Background(), alias(uid))
			require.NoError(x, err)
			terms[i] = record.PrimaryTermStartTime
		}
		x.env.Sleep(10 * time.Millisecond)
		require.Less(x, terms[0], terms[1])
		first, second := (*messages[0])[1].msg, (*messages[1])[1].msg
		require.Equal(x, topodata.Primary, second.Target.TabletType)
		require.Equal(x, first.PrimaryTermStartTimestamp, second.PrimaryTermStartTimestamp)
		require.Zero(x, (*messages[1])[0].msg.PrimaryTermStartTimestamp, "a replica has none")
		require.Equal(x, alias(replica2), second.TabletAlias)
		require.Equal(x, query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary}, second.Target)
		require.NotNil(x, second.RealtimeStats)
	})
}

// Triggers that come before a broadcast could be computed become one message.
// spec: T-27
func TestTriggersFold(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		messages := x.watchHealth(primary)
		x.env.Sleep(10 * time.Millisecond)
		for range 5 {
			x.tablets[primary].RunHealthCheck()
		}
		x.env.Sleep(10 * time.Millisecond)
		require.Len(x, *messages, 3, "one at once, and one for all that came meanwhile")
	})
}

// Only one transition runs at a time: a command that comes meanwhile waits, and its own
// deadline does not help it.
// spec: T-20, T-80, T-154
func TestTransitionsAreSerial(t *testing.T) {
	play(t, setting{tablet: func(m *tablet.Timings) { m.ServeReplica = sim.Constant(5 * time.Second) }}, func(x *stage) {
		x.env.Go("first", func() { x.changeType(replica1, topodata.RDOnly) })
		x.env.Sleep(time.Second)
		err := x.tmc.ChangeType(x.within(time.Second), alias(replica1), topodata.Spare, false)
		require.Error(x, err, "it waits for the action semaphore, and its context ends")
		require.NoError(x, x.tmc.Ping(x.within(time.Second), alias(replica1)), "what changes nothing does not wait")
		_, err = x.tmc.FullStatus(x.within(time.Second), alias(replica1))
		require.NoError(x, err)
		x.env.Sleep(5 * time.Second)
		require.Equal(x, topodata.RDOnly, x.tablets[replica1].Status().Type, "the second one never began")
	})
}

// A tablet whose transition failed says why, tries again every second, and says nothing
// about its health but that it was never initialised.
// spec: T-11, T-14, T-20, T-21
func TestFirstTransitionFails(t *testing.T) {
	play(t, setting{
		change: func(f *flags.Set) { f.VTTablet.HealthCheckInterval = time.Hour },
		mysql:  func(m *mysqld.Timings) { m.Status = sim.Constant(10 * time.Millisecond) },
	}, func(x *stage) {
		server := x.hosts[mysqld.HostName(alias(replica1))]
		host := x.hosts[alias(replica1).String()]
		host.Crash()
		require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
		restarted := len(x.events.events)
		host.Restart()
		x.eventually("replication runs, the last step before the state opens", func() bool {
			return slices.ContainsFunc(x.events.events[restarted:], func(e trace.Event) bool {
				return e.Host == server.Name() && e.Kind == mysqld.KindReplication && text(e) == "thread=sql state=running error= "
			})
		})
		server.Crash()
		x.env.Sleep(100 * time.Millisecond)
		require.NoError(x, x.started[replica1])
		status := x.tablets[replica1].Status()
		require.Equal(x, tablet.NotConnected, status.State)
		require.ErrorContains(x, status.Failure, "errno 2013")
		messages := x.watchHealth(replica1)
		x.env.Sleep(10 * time.Millisecond)
		require.Len(x, *messages, 1)
		require.False(x, (*messages)[0].msg.Serving)
		require.Equal(x, "tabletserver uninitialized", (*messages)[0].msg.RealtimeStats.HealthError)
		x.env.Sleep(5 * time.Second)
		server.Restart()
		require.LessOrEqual(x, x.took(func() { x.eventually("serving", func() bool { return x.tablets[replica1].Status().Serving }) }), 1010*time.Millisecond)
		require.NoError(x, x.tablets[replica1].Status().Failure)
	})
}

// A closing that takes longer than ten query pool timeouts ends the process; by default
// there is no such limit.
// spec: T-26
func TestCloseTakesTooLong(t *testing.T) {
	for timeout, crashes := range map[time.Duration]bool{0: false, 100 * time.Millisecond: true} {
		play(t, setting{change: func(f *flags.Set) { f.VTTablet.QueryPoolTimeout = timeout }}, func(x *stage) {
			x.tablets[replica1].SetTimings(func(m *tablet.Timings) { m.CloseServices = sim.Constant(3 * time.Second) })
			x.env.Go("backup", func() { _ = x.tmc.ChangeType(x.within(remoteTimeout), alias(replica1), topodata.Backup, false) })
			x.env.Sleep(1500 * time.Millisecond)
			require.Equal(x, crashes, x.tablets[replica1].Stopped().IsSet())
		})
	}
}

// Back and forth: the end of the first promotion's grace cuts the second one's short.
// spec: T-28
func TestEarlyGraceTimer(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { f.VTTablet.ServingStateGracePeriod = 3 * time.Second }}, func(x *stage) {
		db := x.dial(replica1, topodata.Replica)
		x.changeType(replica1, topodata.Primary)
		x.env.Sleep(2 * time.Second)
		x.changeType(replica1, topodata.Replica)
		require.Empty(x, x.tablets[replica1].Status().AlsoAllow)
		x.changeType(replica1, topodata.Primary)
		require.NoError(x, db.read())
		x.env.Sleep(1100 * time.Millisecond)
		require.ErrorContains(x, db.read(), "wrong tablet type", "not three seconds but one")
	})
}

// Every admitted request counts until its handler returns, shared reads too; refused ones do
// not.
// spec: T-43, T-155
func TestRequestsAreCounted(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		for range 3 {
			x.env.Go("read", func() { _, _ = x.dial(primary, topodata.Primary).call(query.MethodExecute, sleepFor(time.Second), 0) })
		}
		require.Error(x, x.dial(primary, topodata.Replica).read())
		x.env.Sleep(500 * time.Millisecond)
		require.Equal(x, 3, x.tablets[primary].Status().Requests)
		x.env.Sleep(time.Second)
		require.Zero(x, x.tablets[primary].Status().Requests)
	})
}

// With traffic the first sign of a demotion is an error, long before the stream says
// anything; without traffic it is the message at the end of the drain.
// spec: T-23, T-65, T-130
func TestFirstSignOfADemotion(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		messages := x.watchHealth(primary)
		_, err := db.begin(1)
		require.NoError(x, err)
		began := x.env.Now()
		x.env.Go("demote", func() { x.demote() })
		var refused sim.Time
		for refused == 0 {
			x.env.Sleep(time.Millisecond)
			if err := db.read(); err != nil {
				require.Equal(x, vterr.ClusterEvent, vterr.CodeOf(err))
				refused = x.env.Now()
			}
		}
		require.Len(x, *messages, 1)
		x.env.Sleep(4 * time.Second)
		require.Less(x, refused.Sub(began), 10*time.Millisecond)
		require.InDelta(x, 3*time.Second, (*messages)[1].at.Sub(began), float64(20*time.Millisecond))
		require.False(x, (*messages)[1].msg.Serving)
	})
}
