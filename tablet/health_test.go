package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// The instants of a demotion's messages: the end of the drain, the end of the call, and then
// ticks counted from the first of the two, since the second does not restart the timer.
// spec: T-65a, T-72, T-144
func TestInstantsOfADemotionsMessages(t *testing.T) {
	play(t, setting{durability: "semi_sync", semiSyncPoll: true}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		messages := x.watchHealth(primary)
		x.env.Sleep(10 * time.Millisecond)
		began := x.env.Now()
		x.demote()
		x.env.Sleep(50 * time.Second)
		var at []time.Duration
		for _, m := range (*messages)[1:] {
			require.False(x, m.msg.Serving)
			at = append(at, m.at.Sub(began).Round(100*time.Millisecond))
		}
		require.Equal(x, []time.Duration{0, time.Second, 20 * time.Second, 40 * time.Second}, at)
	})
}

// Each stream has a buffer of its own, of the size that the flag says: the one that is full is
// cut off at that instant, and one that came later goes on.
// spec: T-71
func TestOnlyTheFullStreamIsCutOff(t *testing.T) {
	for _, size := range []int{1, 3} {
		play(t, setting{change: func(f *flags.Set) { f.VTTablet.StreamHealthBufferSize = size }}, func(x *stage) {
			tb := x.tablets[primary]
			ends := [2]error{}
			listen := func(i int) {
				x.env.Go("listen", func() {
					stream, err := x.dial(primary, topodata.Primary).conn.Stream(x.env.Background(), query.MethodStreamHealth, &query.StreamHealthRequest{})
					for err == nil {
						_, err = stream.Recv()
					}
					ends[i] = err
				})
				x.env.Sleep(10 * time.Millisecond)
			}
			listen(0)
			tb.SetHealthDelivery(tablet.HealthHeld)
			for range 1 + size { // one in the hand
				tb.RunHealthCheck()
				x.env.Sleep(time.Millisecond)
			}
			listen(1)
			require.NoError(x, ends[0])
			tb.RunHealthCheck()
			x.env.Sleep(time.Millisecond)
			require.ErrorContains(x, ends[0], "stream health buffer overflowed")
			require.NoError(x, ends[1])
		})
	}
}

// An orderly end tells every stream why it ends, and after SIGTERM nobody gets a new one.
// spec: T-71, T-90
func TestStreamsEndWithTheService(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		var ends []error
		listen := func() {
			x.env.Go("listen", func() {
				stream, err := x.dial(replica1, topodata.Replica).conn.Stream(x.env.Background(), query.MethodStreamHealth, &query.StreamHealthRequest{})
				for err == nil {
					_, err = stream.Recv()
				}
				ends = append(ends, err)
			})
			x.env.Sleep(10 * time.Millisecond)
		}
		listen()
		listen()
		began := x.env.Now()
		x.tabletEnv(replica1).Go("term", x.tablets[replica1].Terminate)
		x.env.Sleep(time.Second)
		require.Empty(x, ends)
		listen()
		require.Len(x, ends, 1)
		require.ErrorContains(x, ends[0], "connection refused")
		x.eventually("ended", func() bool { return len(ends) == 3 })
		require.InDelta(x, 10*time.Second, x.env.Now().Sub(began), float64(20*time.Millisecond))
		for _, err := range ends[1:] {
			require.Equal(x, vterr.Unavailable, vterr.CodeOf(err))
			require.ErrorContains(x, err, "tabletserver is shutdown")
		}
	})
}

// A replica whose lag is just the threshold serves; a second more, and it does not. Lag over
// the other threshold colours nothing but a page.
// spec: T-74, T-76
func TestUnhealthyThreshold(t *testing.T) {
	play(t, setting{
		change: func(f *flags.Set) {
			f.VTTablet.EnableReplicationReporter, f.VTTablet.HealthCheckInterval = true, time.Second
			f.VTTablet.DegradedThreshold, f.VTTablet.UnhealthyThreshold = time.Second, 3*time.Second
		},
		mysql: func(m *mysqld.Timings) { m.SourceDelay = 20 * time.Second },
	}, func(x *stage) {
		messages := x.watchHealth(replica1)
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		seen := map[uint32]bool{}
		for range 7 {
			x.env.Sleep(time.Second)
			lag, text, serving := lastHeard(messages)
			require.Empty(x, text)
			require.Equal(x, lag <= 3, serving, "%d s", lag)
			seen[lag] = true
		}
		require.True(x, seen[3] && seen[4])
	})
}

// What a stopped replica last knew counts on from that reading, not from an older one and not
// from nothing.
// spec: T-74, T-78
func TestLagOfAStoppedReplica(t *testing.T) {
	play(t, setting{
		change: func(f *flags.Set) {
			f.VTTablet.EnableReplicationReporter, f.VTTablet.HealthCheckInterval = true, time.Second
		},
		mysql: func(m *mysqld.Timings) { m.SourceDelay = time.Hour },
	}, func(x *stage) {
		messages := x.watchHealth(replica1)
		x.env.Sleep(10 * time.Second) // readings without lag
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		x.env.Sleep(20 * time.Second)
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		x.env.Sleep(15 * time.Second)
		lag, _, _ := lastHeard(messages)
		require.InDelta(x, 35, lag, 2)
	})
}

// A heartbeat counts for two intervals and not longer, and only one that was read.
// spec: T-78
func TestMissingHeartbeats(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { heartbeatsOn(f); f.VTTablet.HealthCheckInterval = 50 * time.Millisecond }}, func(x *stage) {
		messages := x.watchHealth(replica1)
		x.env.Sleep(3 * time.Second)
		x.hosts[mysqld.HostName(alias(replica1))].Pause()
		paused := x.env.Now()
		silent := func() bool {
			_, text, _ := lastHeard(messages)
			return text == "no heartbeat received in over 2x the heartbeat interval"
		}
		x.eventually("silence is told", silent)
		took := x.env.Now().Sub(paused)
		require.Greater(x, took, time.Second)
		require.LessOrEqual(x, took, 2100*time.Millisecond, "two intervals after the last reading, which was at most one before")
		require.GreaterOrEqual(x, took, 900*time.Millisecond)
	})
}

// A primary whose service is switched off is still the primary for replication: it writes
// heartbeats.
// spec: T-23, T-78
func TestUnservedPrimaryWritesHeartbeats(t *testing.T) {
	play(t, setting{change: heartbeatsOn}, func(x *stage) {
		ctx := x.env.Background()
		srv, err := x.topo.GetSrvKeyspace(ctx, "zone1", "commerce")
		require.NoError(x, err)
		for i := range srv.Partitions {
			if srv.Partitions[i].ServedType == topodata.Primary {
				srv.Partitions[i].ShardTabletControls = []topodata.ShardTabletControl{{Name: "0", QueryServiceDisabled: true}}
			}
		}
		require.NoError(x, x.topo.UpdateSrvKeyspace(ctx, "zone1", "commerce", srv))
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(primary)))
		require.Equal(x, tablet.NotServing, x.tablets[primary].Status().State)
		before := x.mysql[primary].Executed().Count()
		x.env.Sleep(10 * time.Second)
		require.InDelta(x, 10, x.mysql[primary].Executed().Count()-before, 1)
	})
}

// Heartbeats carry the clock of the primary's host: on a replica whose clock is ahead they
// look old, and on one whose clock is behind they have no lag.
// spec: T-78
func TestHeartbeatsAndClocks(t *testing.T) {
	play(t, setting{change: heartbeatsOn}, func(x *stage) {
		x.hosts[alias(replica1).String()].StepClock(4 * time.Second)
		x.hosts[alias(replica2).String()].StepClock(-time.Hour)
		ahead, behind := x.watchHealth(replica1), x.watchHealth(replica2)
		x.env.Sleep(5 * time.Second)
		lag, _, _ := lastHeard(ahead)
		require.InDelta(x, 4, lag, 1)
		lag, _, serving := lastHeard(behind)
		require.Zero(x, lag)
		require.True(x, serving)
	})
}

// A transition that fails after some time is tried again once a second all the same: one
// loop tries, however many attempts have failed.
// spec: T-21
func TestSlowFailuresAreRetriedOnceASecond(t *testing.T) {
	x := play(t, setting{mysql: func(m *mysqld.Timings) { m.Status = sim.Uniform(100*time.Millisecond, 500*time.Millisecond) }}, func(x *stage) {
		require.NoError(x, x.extraTablet(200, flags.Defaults(latest()))) // without a sidecar database
		x.mysql[200].SetTimings(func(m *mysqld.Timings) { m.Status = sim.Uniform(100*time.Millisecond, 500*time.Millisecond) })
		require.NoError(x, x.mysql[200].Client(x.env).StopReplication(false))
		x.began = x.env.Now()
		require.Error(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(200), topodata.Primary, false))
		x.env.Sleep(10 * time.Second)
	})
	require.InDelta(t, 10, len(x.since(200, tablet.KindTransitionFailed)), 1)
}
