package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// Before v20 a drain ends with the last request, whether or not there is a grace period; the
// end of the period only kills. From v20 on it waits for the whole period, counted from the
// beginning of the drain, not from the end of the transactions.
// spec: T-31, T-32, T-33, T-34
func TestDrainWithGracePeriod(t *testing.T) {
	for _, c := range []struct {
		name, release string
		read          time.Duration // 0 is none
		transaction   time.Duration // how long one stays open; 0 is none
		want          time.Duration
	}{
		{"v19: as long as the read", "v19", 500 * time.Millisecond, 0, 500 * time.Millisecond},
		{"v19: the period's end kills the read", "v19", 20 * time.Second, 0, 3 * time.Second},
		{"v20: the whole period", "v20", 500 * time.Millisecond, 0, 3 * time.Second},
		{"v20: a transaction only", "v20", 0, time.Second, time.Second},
		{"v20: the period began with the drain", "v20", 20 * time.Second, time.Second, 3 * time.Second},
		{"v20: the read ended during the transaction", "v20", 500 * time.Millisecond, time.Second, time.Second},
		{"v20: a transaction that stays", "v20", 0, 10 * time.Second, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, setting{release: c.release, change: func(f *flags.Set) { f.VTTablet.ShutdownGracePeriod = 3 * time.Second }}, func(x *stage) {
				db := x.dial(primary, topodata.Primary)
				if c.read > 0 {
					x.env.Go("read", func() { _, _ = db.call(query.MethodExecute, sleepFor(c.read), 0) })
				}
				if c.transaction > 0 {
					tx, err := db.begin(1)
					require.NoError(x, err)
					x.env.Go("commit", func() { x.env.Sleep(c.transaction); _ = db.commit(tx) })
				}
				x.env.Sleep(time.Millisecond)
				require.InDelta(x, c.want, x.demote(), float64(20*time.Millisecond))
			})
		})
	}
}

// A request that was admitted before the drain and comes to its query only after the grace
// period is refused then, whatever kind it is; and a tablet that serves again, as primary or
// as replica, runs all kinds.
// spec: T-22, T-24, T-31
func TestQueriesAfterTheGracePeriod(t *testing.T) {
	for _, back := range []topodata.TabletType{topodata.Primary, topodata.Replica} {
		for _, method := range []string{query.MethodExecute, query.MethodStreamExecute} {
			play(t, setting{}, func(x *stage) {
				db := x.dial(primary, topodata.Primary)
				_, err := db.call(method, sleepFor(0), 0) // the pools are there
				require.NoError(x, err)
				slow := func(m *tablet.Timings) { m.CPU = sim.Constant(3500 * time.Millisecond) }
				x.tablets[primary].SetTimings(slow)
				var late error
				x.env.Go("late", func() { _, late = db.call(method, sleepFor(time.Second), 0) })
				x.env.Sleep(10 * time.Millisecond)
				x.demote()
				x.env.Sleep(time.Second)
				require.EqualError(x, late, textShuttingDown)
				x.tablets[primary].SetTimings(func(m *tablet.Timings) { m.CPU = sim.Constant(0) })
				if back == topodata.Primary {
					require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), false))
				} else {
					x.changeType(primary, topodata.Replica)
				}
				db = x.dial(primary, back)
				for _, m := range []string{query.MethodExecute, query.MethodStreamExecute, query.MethodBeginExecute} {
					_, err := db.call(m, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1}, 0)
					require.NoError(x, err, m)
				}
			})
		}
	}
}

// A transaction that is busy when the patience is over is rolled back when its statement ends;
// after the tablet serves again transactions live as long as ever.
// spec: T-32, T-35
func TestBusyTransactionIsDoomed(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		idle, err := db.begin(2)
		require.NoError(x, err)
		var busy error
		x.env.Go("busy", func() { _, busy = db.call(query.MethodExecute, sleepFor(time.Minute), tx) })
		x.env.Sleep(10 * time.Millisecond)
		require.InDelta(x, 3*time.Second, x.demote(), float64(20*time.Millisecond))
		require.ErrorContains(x, busy, "QueryList.TerminateAll()")
		require.Zero(x, x.tablets[primary].Status().Transactions)
		require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), true))
		require.ErrorContains(x, db.commit(idle), "(pool closed)")
		again, err := db.begin(3)
		require.NoError(x, err)
		_, err = db.call(query.MethodExecute, insert(4), again)
		require.NoError(x, err, "not doomed")
		require.NoError(x, db.commit(again))
		require.EqualValues(x, 2, x.count(primary))
	})
}

// A drain of a replica has no patience with its transactions: idle ones end at once.
// spec: T-25, T-32
func TestDrainOfAReplica(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(replica1, topodata.Replica)
		resp, err := db.call(query.MethodBeginExecute, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1}, 0)
		require.NoError(x, err)
		require.Less(x, x.took(func() { x.changeType(replica1, topodata.Spare) }), 20*time.Millisecond)
		require.Zero(x, x.tablets[replica1].Status().Transactions)
		x.changeType(replica1, topodata.Replica)
		require.ErrorContains(x, db.commit(resp.TransactionID), "(pool closed)")
	})
}

// The bomb of a closing: ten query pool timeouts, not one, and none once the closing is over.
// spec: T-26
func TestCloseBomb(t *testing.T) {
	for _, c := range []struct {
		closing time.Duration
		crashes bool
	}{{900 * time.Millisecond, false}, {1100 * time.Millisecond, true}} {
		play(t, setting{change: func(f *flags.Set) { f.VTTablet.QueryPoolTimeout = 100 * time.Millisecond }}, func(x *stage) {
			x.tablets[replica1].SetTimings(func(m *tablet.Timings) { m.CloseServices = sim.Constant(c.closing) })
			x.env.Go("backup", func() { _ = x.tmc.ChangeType(x.within(remoteTimeout), alias(replica1), topodata.Backup, false) })
			x.env.Sleep(950 * time.Millisecond)
			require.False(x, x.tablets[replica1].Stopped().IsSet(), "not before")
			x.env.Sleep(time.Minute)
			require.Equal(x, c.crashes, x.tablets[replica1].Stopped().IsSet())
		})
	}
}

// While MySQL is away there is one attempt a second to serve again, by one loop, also the
// second time that MySQL goes.
// spec: T-21, T-60, T-154
func TestOneRetryASecond(t *testing.T) {
	for range 2 {
		x := play(t, setting{}, func(x *stage) {
			host := x.hosts[mysqld.HostName(alias(primary))]
			for range 2 {
				host.Crash()
				require.Error(x, x.dial(primary, topodata.Primary).read())
				x.env.Sleep(5500 * time.Millisecond)
				host.Restart()
				require.LessOrEqual(x, x.took(func() { x.eventually("serving", func() bool { return x.tablets[primary].Status().Serving }) }), 1010*time.Millisecond)
				x.env.Sleep(2 * time.Second)
			}
		})
		require.Len(t, x.since(primary, tablet.KindTransitionFailed), 10, "five each time")
	}
}

// MySQL is checked once a second at most. A crash from which it is back before anybody looks
// goes unnoticed, and so does one within a second after that look; a later one does not.
// spec: T-60
func TestMySQLIsCheckedOnceASecond(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		host := x.hosts[mysqld.HostName(alias(primary))]
		db := x.dial(primary, topodata.Primary)
		state := func() tablet.ServingState {
			x.env.Sleep(10 * time.Millisecond)
			return x.tablets[primary].Status().State
		}
		x.env.Go("read", func() { _, _ = db.call(query.MethodExecute, sleepFor(time.Hour), 0) })
		x.env.Sleep(time.Millisecond)
		host.Crash()
		host.Restart()
		require.Equal(x, tablet.Serving, state(), "MySQL was back when it was looked at")
		x.env.Sleep(500 * time.Millisecond)
		host.Crash()
		require.Error(x, db.read())
		require.Equal(x, tablet.Serving, state(), "looked at half a second ago")
		x.env.Sleep(500 * time.Millisecond)
		require.Error(x, db.read())
		require.Equal(x, tablet.NotConnected, state())
	})
}
