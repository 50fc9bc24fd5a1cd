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

const remoteTimeout = 15 * time.Second

// demote demotes the primary and gives the duration.
func (x *stage) demote() time.Duration {
	return x.took(func() {
		_, err := x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), false)
		require.NoError(x, err)
	})
}

// The drain takes either almost nothing or exactly the grace period.
// spec: T-33, T-34, T-131, T-151, T-154
func TestDrainIsBimodal(t *testing.T) {
	for _, c := range []struct {
		name        string
		release     string
		outstanding time.Duration // of one running read; 0 is none
		min, max    time.Duration
	}{
		{"nothing outstanding", "v24", 0, 0, 20 * time.Millisecond},
		{"one short read", "v24", 500 * time.Millisecond, 3 * time.Second, 3020 * time.Millisecond},
		{"one long read", "v24", 10 * time.Second, 3 * time.Second, 3020 * time.Millisecond},
		{"no grace period: as long as the request", "v19", 500 * time.Millisecond, 480 * time.Millisecond, 520 * time.Millisecond},
		{"no grace period, longer than it", "v12", 5 * time.Second, 4980 * time.Millisecond, 5020 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			var took time.Duration
			x := play(t, setting{release: c.release}, func(x *stage) {
				if c.outstanding > 0 {
					x.env.Go("read", func() { _, _ = x.dial(primary, topodata.Primary).call(query.MethodExecute, sleepFor(c.outstanding), 0) })
					x.env.Sleep(10 * time.Millisecond)
				}
				took = x.demote()
				s := x.tablets[primary].Status()
				require.Equal(x, tablet.NotServing, s.State)
				require.Equal(x, topodata.Primary, s.Type, "a demoted primary stays PRIMARY")
				require.Zero(x, s.Transactions)
			})
			require.GreaterOrEqual(t, took, c.min)
			require.LessOrEqual(t, took, c.max)
			require.Len(t, x.since(primary, tablet.KindDrain), 3)
		})
	}
}

// What a client of the old primary sees, in the order of the demotion.
// spec: T-40, T-41, T-42, T-44, T-45, T-46, T-66, T-132, T-133
func TestErrorsByState(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db, wrong := x.dial(primary, topodata.Primary), x.dial(primary, topodata.Replica)
		tx, err := db.begin(1)
		require.NoError(x, err)
		require.EqualError(x, wrong.read(), "wrong tablet type: REPLICA, want: PRIMARY or []")
		require.Equal(x, vterr.FailedPrecondition, vterr.CodeOf(wrong.read()))

		x.env.Go("demote", func() { x.demote() })
		x.env.Sleep(100 * time.Millisecond) // the open transaction keeps the drain
		refused := db.insert(2)
		require.EqualError(x, refused, "operation not allowed in state SHUTTING_DOWN")
		require.Equal(x, vterr.ClusterEvent, vterr.CodeOf(refused))
		require.EqualError(x, wrong.read(), "operation not allowed in state SHUTTING_DOWN")
		_, err = db.call(query.MethodExecute, insert(3), tx)
		require.NoError(x, err, "statements of open transactions still run")
		require.NoError(x, db.commit(tx))

		x.eventually("drained", func() bool { return x.tablets[primary].Status().State == tablet.NotServing })
		require.EqualError(x, db.read(), "operation not allowed in state NOT_SERVING")
		require.EqualError(x, wrong.read(), "operation not allowed in state NOT_SERVING")
		require.EqualError(x, db.commit(tx), "operation not allowed in state NOT_SERVING")

		require.NoError(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(primary), topodata.Replica, false))
		require.EqualError(x, db.read(), "wrong tablet type: PRIMARY, want: REPLICA or []")
		require.NoError(x, wrong.read())
		require.EqualValues(x, 2, x.count(primary))
	})
}

// An idle transaction is rolled back when the grace period ends, a busy one is killed, and a
// running read is killed with the text that clients see.
// spec: T-31, T-32, T-36, T-65b, T-145
func TestGracePeriodEnds(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		idle, err := db.begin(1)
		require.NoError(x, err)
		var killed error
		x.env.Go("read", func() {
			_, killed = x.dial(primary, topodata.Primary).call(query.MethodExecute, sleepFor(time.Minute), 0)
		})
		x.env.Sleep(10 * time.Millisecond)
		took := x.demote()
		require.InDelta(x, 3*time.Second, took, float64(20*time.Millisecond))
		require.Equal(x, vterr.Canceled, vterr.CodeOf(killed))
		require.Regexp(x, `^QueryList.TerminateAll\(\), elapsed time: 3\.\d+s, killing connection ID \d+ \(CallerID: userData1\)$`, killed.Error())
		require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), false))
		gone := db.commit(idle)
		require.Equal(x, vterr.Aborted, vterr.CodeOf(gone))
		require.Regexp(x, `^transaction \d+: ended at .* UTC \(pool closed\) \(CallerID: userData1\)$`, gone.Error())
		require.EqualValues(x, 0, x.count(primary))
	})
	require.ElementsMatch(t, []string{"what=transactions n=1 ", "what=stateless n=1 "}, x.since(primary, tablet.KindKill))
}

// A demotion that is taken back has the same term, and the stream says so.
// spec: R-32, T-65, T-65a, T-72, T-133, D-2
func TestHealthMessagesOfADemotion(t *testing.T) {
	for _, c := range []struct {
		release    string
		notServing int
	}{{"v24", 2}, {"v21", 1}} {
		t.Run(c.release, func(t *testing.T) {
			play(t, setting{release: c.release}, func(x *stage) {
				messages := x.watchHealth(primary)
				x.env.Sleep(10 * time.Millisecond)
				before := x.env.Now()
				x.demote()
				x.env.Sleep(100 * time.Millisecond)
				require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), false))
				x.env.Sleep(100 * time.Millisecond)
				got := *messages
				require.Len(x, got, 1+c.notServing+1)
				require.True(x, got[0].msg.Serving)
				for _, m := range got[1 : 1+c.notServing] {
					require.False(x, m.msg.Serving)
					require.Empty(x, m.msg.RealtimeStats.HealthError)
					require.Greater(x, m.at, before, "nothing is sent when the drain begins")
				}
				last := got[len(got)-1].msg
				require.True(x, last.Serving)
				require.Equal(x, got[0].msg.PrimaryTermStartTimestamp, last.PrimaryTermStartTimestamp)
			})
		})
	}
}

// heard is a health message and when it came.
type heard struct {
	at  sim.Time
	msg *query.StreamHealthResponse
}

// watchHealth collects a tablet's health messages.
func (x *stage) watchHealth(uid uint32) *[]heard {
	var got []heard
	conn := x.dial(uid, topodata.Primary).conn
	x.env.Go("watch", func() {
		stream, err := conn.Stream(x.env.Background(), query.MethodStreamHealth, &query.StreamHealthRequest{})
		for err == nil {
			var m any
			if m, err = stream.Recv(); err == nil {
				got = append(got, heard{x.env.Now(), m.(*query.StreamHealthResponse)})
			}
		}
	})
	return &got
}

// A primary whose MySQL is read-only answers reads, refuses writes with MySQL's error, and
// is demoted without a drain.
// spec: T-58, T-59, T-68, T-120, T-123, T-141, R-31, R-43
func TestReadOnlyPrimary(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		require.NoError(x, x.tmc.SetReadOnly(x.within(remoteTimeout), alias(primary)))
		require.NoError(x, db.read())
		refused := db.insert(2)
		require.Equal(x, vterr.ClusterEvent, vterr.CodeOf(refused))
		require.EqualError(x, refused, `The MySQL server is running with the --read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000) (CallerID: userData1): Sql: "insert into t(id, v) values (2, 2)", BindVars: {}`)
		require.ErrorContains(x, db.commit(tx), "(errno 1290)")
		x.demote()
		require.True(x, x.tablets[primary].Status().Serving)
		require.NoError(x, x.tmc.SetReadWrite(x.within(remoteTimeout), alias(primary)))
		require.NoError(x, db.insert(3))
		require.EqualValues(x, 1, x.count(primary))
	})
	require.Empty(t, x.since(primary, tablet.KindDrain))
}

// A demotion whose caller is gone before super_read_only takes everything back; the drain
// itself is not interrupted.
// spec, F2
func TestDemotionOutlivesItsCaller(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		_, err := db.begin(1)
		require.NoError(x, err)
		_, err = x.tmc.DemotePrimary(x.within(time.Second), alias(primary), false)
		require.EqualError(x, err, "rpc error: code = DeadlineExceeded desc = context deadline exceeded")
		require.Equal(x, tablet.NotServing, x.tablets[primary].Status().Want, "the drain goes on")
		x.env.Sleep(2100 * time.Millisecond)
		require.True(x, x.tablets[primary].Status().Serving)
		require.NoError(x, db.insert(2))
	})
}

// A caller that goes away between super_read_only and the end leaves a primary that serves
// and is read-only.
// spec: R-31, T-117a, F2a
func TestCallerGoneDuringSemiSyncSwitch(t *testing.T) {
	play(t, setting{durability: "semi_sync", semiSyncPoll: true}, func(x *stage) {
		_, err := x.tmc.DemotePrimary(x.within(50*time.Millisecond), alias(primary), false)
		require.Error(x, err)
		x.env.Sleep(1200 * time.Millisecond)
		require.True(x, x.tablets[primary].Status().Serving)
		require.ErrorContains(x, x.dial(primary, topodata.Primary).insert(1), "(errno 1290)")
	})
}

// Switching semi-sync off waits for the rest of MySQL's one-second poll, which begins at the
// last acknowledgement.
// spec: T-117a, R-74
func TestSlowSemiSyncSwitch(t *testing.T) {
	for _, c := range []struct {
		durability string
		pause      time.Duration // between the last write and the demotion
		want       time.Duration
	}{
		{"semi_sync", 0, time.Second},
		{"semi_sync", 500 * time.Millisecond, 500 * time.Millisecond},
		{"semi_sync", 1300 * time.Millisecond, 700 * time.Millisecond},
		{"none", 0, 0},
	} {
		play(t, setting{durability: c.durability, semiSyncPoll: true}, func(x *stage) {
			require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
			x.env.Sleep(c.pause)
			require.InDelta(x, c.want, x.demote(), float64(15*time.Millisecond), "%+v", c)
		})
	}
}

// A commit that waits for an acknowledgement is on no query list: it keeps the drain until
// its own time is over, longer than the demotion's caller waits.
// spec: T-35, T-116, P9
func TestHangingCommitKeepsTheDrain(t *testing.T) {
	play(t, setting{durability: "semi_sync", change: func(f *flags.Set) { f.VTTablet.SemiSyncMonitorInterval = 0 }}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		var committed error
		done := x.env.NewEvent("committed")
		x.env.Go("commit", func() {
			committed = db.commit(tx)
			done.Set()
		})
		x.env.Sleep(10 * time.Millisecond)
		_, err = x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), false)
		require.Error(x, err)
		require.InDelta(x, 30*time.Second, x.took(done.Wait)+remoteTimeout, float64(100*time.Millisecond))
		require.ErrorContains(x, committed, "maximum statement execution time exceeded")
		require.EqualValues(x, 0, x.count(primary), "not committed yet")
	})
}

// The time of steps lies near the measured one: without load, semi-sync makes the demotion
// take about a second.
// spec: R-90, tablet 15
func TestDemotionDuration(t *testing.T) {
	for seed := range uint64(5) {
		play(t, setting{seed: seed, durability: "semi_sync", semiSyncPoll: true, realTimings: true, mysql: func(m *mysqld.Timings) { m.Apply = sim.Constant(0) }}, func(x *stage) {
			require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
			took := x.demote()
			require.Greater(x, took, 900*time.Millisecond)
			require.Less(x, took, 1080*time.Millisecond)
		})
	}
}
