package tablet_test

import (
	"fmt"
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

func selectOne() query.Statement {
	return query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1}
}

// Two statements cannot run on one transaction, and the one that came first goes on; numbers of
// connections grow, also over the end of a process.
// spec: T-55
func TestOneStatementAtATime(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		var first error
		x.env.Go("first", func() { _, first = db.call(query.MethodExecute, sleepFor(time.Second), tx) })
		x.env.Sleep(100 * time.Millisecond)
		_, second := db.call(query.MethodExecute, insert(2), tx)
		require.EqualError(x, second, fmt.Sprintf("transaction %d: in use: for query (CallerID: userData1)", tx))
		require.EqualError(x, db.commit(tx), fmt.Sprintf("transaction %d: in use: for query (CallerID: userData1)", tx))
		x.env.Sleep(time.Second)
		require.NoError(x, first)
		require.NoError(x, db.commit(tx))
		last := tx
		for range 3 {
			tx, err := db.begin(3)
			require.NoError(x, err)
			require.Greater(x, tx, last)
			require.NoError(x, db.commit(tx))
			last = tx
		}
		host := x.hosts[alias(primary).String()]
		host.Crash()
		host.Restart()
		x.eventually("serving", func() bool { tx, err = db.begin(4); return err == nil })
		require.Greater(x, tx, last)
	})
}

// The killer of old transactions leaves alone what is in use at its sweep, and takes it at one
// of the next ones.
// spec: T-54
func TestBusyTransactionsOutliveTheirTime(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		var ids [2]int64
		for i := range ids {
			tx, err := db.begin(int64(i + 1))
			require.NoError(x, err)
			ids[i] = tx
		}
		x.env.Sleep(15 * time.Second)
		for _, tx := range ids {
			x.env.Go("busy", func() {
				_, err := db.call(query.MethodExecute, sleepFor(25*time.Second), tx)
				require.NoError(x, err, "longer than thirty-three seconds after its BEGIN")
				if tx == ids[0] {
					require.NoError(x, db.commit(tx))
				}
			})
		}
		x.env.Sleep(25*time.Second + 3100*time.Millisecond)
		require.ErrorContains(x, db.commit(ids[1]), "(exceeded timeout: 30s)")
		require.EqualValues(x, 1, x.count(primary))
	})
}

// Sweeps come ten times in the shorter of the two timeouts.
// spec: T-54
func TestSweepsFollowTheShorterTimeout(t *testing.T) {
	for _, c := range []struct {
		name      string
		own, olap time.Duration
		session   query.ExecuteOptions
		lives     time.Duration
	}{
		{"analytical, shorter", 30 * time.Second, 5 * time.Second, query.ExecuteOptions{OLAP: true}, 5 * time.Second},
		{"analytical, longer", 5 * time.Second, 30 * time.Second, query.ExecuteOptions{OLAP: true}, 30 * time.Second},
		{"ordinary, shorter", 5 * time.Second, 30 * time.Second, query.ExecuteOptions{}, 5 * time.Second},
		{"ordinary, the other has none", 5 * time.Second, 0, query.ExecuteOptions{}, 5 * time.Second},
	} {
		play(t, setting{change: func(f *flags.Set) {
			f.VTTablet.TransactionTimeout, f.VTTablet.OLAPTransactionTimeout = c.own, c.olap
		}}, func(x *stage) {
			db := x.dial(primary, topodata.Primary)
			resp, err := db.conn.Call(x.env.Background(), query.MethodBeginExecute, &query.ExecuteRequest{Target: db.target(), Statement: insert(1), Options: c.session})
			require.NoError(x, err)
			tx := resp.(*query.ExecuteResponse).TransactionID
			x.env.Sleep(c.lives - 100*time.Millisecond)
			require.Equal(x, 1, x.tablets[primary].Status().Transactions, c.name)
			x.env.Sleep(700 * time.Millisecond)
			require.Zero(x, x.tablets[primary].Status().Transactions, c.name)
			require.ErrorContains(x, db.commit(tx), "exceeded timeout: "+c.lives.String())
		})
	}
}

// Sessions that want found rows have a pool of their own, as large as the other.
// spec: T-52
func TestFoundRowsHaveTheirOwnPool(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		begin := func(found bool) error {
			_, err := db.conn.Call(x.env.Background(), query.MethodBeginExecute, &query.ExecuteRequest{
				Target: db.target(), Statement: selectOne(), Options: query.ExecuteOptions{ClientFoundRows: found},
			})
			return err
		}
		for range 20 {
			require.NoError(x, begin(true))
			require.NoError(x, begin(false))
		}
		require.ErrorContains(x, begin(true), "transaction pool connection limit exceeded")
		require.ErrorContains(x, begin(false), "transaction pool connection limit exceeded")
	})
}

// Connections that die with MySQL are not handed out again, and those that could not be made
// use up no place in a pool.
// spec: T-52, T-60
func TestPoolsSurviveCrashesOfMySQL(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		host := x.hosts[mysqld.HostName(alias(primary))]
		require.NoError(x, db.read())
		require.NoError(x, db.insert(1))
		host.Crash()
		host.Restart()
		x.env.Sleep(time.Millisecond)
		require.NoError(x, db.read(), "not the connection of before")
		for range 25 {
			host.Crash()
			require.Error(x, db.read())
			require.Error(x, db.insert(2))
			host.Restart()
			x.eventually("serving", func() bool { return x.tablets[primary].Status().Serving })
			require.NoError(x, x.tmc.SetReadWrite(x.within(remoteTimeout), alias(primary)))
			x.env.Sleep(2 * time.Second)
		}
		for key := range int64(20) {
			_, err := db.begin(key)
			require.NoError(x, err)
		}
		group := x.env.NewWaitGroup("reads")
		for i := range 16 {
			group.Go("read", func() {
				_, err := db.call(query.MethodExecute, sleepFor(time.Second+time.Duration(i)), 0)
				require.NoError(x, err)
			})
		}
		require.Less(x, x.took(group.Wait), 1100*time.Millisecond, "all at once")
	})
}

// Administrators' statements have no time limit, in a transaction and outside.
// spec: T-50, T-54
func TestAdministratorsHaveTime(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		execute := func(tx int64) error {
			_, err := db.conn.Call(x.env.Background(), query.MethodExecute, &query.ExecuteRequest{
				Target: db.target(), Statement: sleepFor(2 * time.Minute), TransactionID: tx, Options: query.ExecuteOptions{DBA: true},
			})
			return err
		}
		require.NoError(x, execute(0))
		resp, err := db.conn.Call(x.env.Background(), query.MethodBeginExecute, &query.ExecuteRequest{Target: db.target(), Statement: insert(1), Options: query.ExecuteOptions{DBA: true}})
		require.NoError(x, err)
		require.NoError(x, execute(resp.(*query.ExecuteResponse).TransactionID))
		require.NoError(x, db.commit(resp.(*query.ExecuteResponse).TransactionID))
	})
}

// A read that has ended answers nobody who comes later.
// spec: T-50a
func TestConsolidationEndsWithTheRead(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		for value := range int64(3) {
			require.NoError(x, db.insert(1))
			_, err := db.call(query.MethodExecute, query.Statement{Verb: query.VerbUpdate, Table: "t", Key: 1, Value: value + 10}, 0)
			require.NoError(x, err)
			resp, err := db.call(query.MethodExecute, selectOne(), 0)
			require.NoError(x, err)
			require.Equal(x, value+10, resp.Result.Value)
		}
	})
}

// A transaction that is busy when the patience of a change of type is over ends with its
// statement, and with it the change.
// spec: T-24, T-32
func TestBusyTransactionEndsTheChangeOfType(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		var busy error
		x.env.Go("busy", func() { _, busy = db.call(query.MethodExecute, sleepFor(5*time.Second), tx) })
		x.env.Sleep(time.Millisecond)
		require.InDelta(x, 5*time.Second, x.took(func() { x.changeType(primary, topodata.Replica) }), float64(20*time.Millisecond))
		require.NoError(x, busy, "it was not killed")
		require.ErrorContains(x, x.dial(primary, topodata.Replica).commit(tx), "(pool closed)")
		require.EqualValues(x, 0, x.count(primary))
	})
}

// The end of a process does not wait for a drain that does not end: ten seconds after the first
// ten it is over.
// spec: T-90
func TestEndOfAProcessIsBounded(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.tablets[replica1].SetTimings(func(m *tablet.Timings) { m.CloseServices = sim.Constant(time.Hour) })
		x.tabletEnv(replica1).Go("term", x.tablets[replica1].Terminate)
		require.InDelta(x, 20*time.Second, x.took(x.tablets[replica1].Stopped().Wait), float64(10*time.Millisecond))
	})
}

// While acknowledgements come, however late, the monitor writes nothing; it never lets more
// than fifteen of its writes hang, and says that it is blocked with the fifteenth.
// spec: T-118
func TestMonitorKeepsQuiet(t *testing.T) {
	const monitored = topodata.SidecarDBNameDefault + ".semisync_heartbeat"
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			x.net.SetLatency(mysqld.HostName(alias(uid)), mysqld.HostName(alias(primary)), sim.Constant(800*time.Millisecond))
		}
		for i := range int64(4) {
			x.env.Go("writer", func() {
				for key := int64(0); ; key++ {
					x.env.Sleep(time.Duration(100*i) * time.Millisecond)
					_ = x.dial(primary, topodata.Primary).insert(i*1000 + key)
				}
			})
		}
		x.env.Sleep(2 * time.Minute)
		table, _ := x.mysql[primary].Table(monitored)
		require.Zero(x, table.Writes)
	})
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		x.env.Go("write", func() { _ = x.dial(primary, topodata.Primary).insert(1) })
		waiting := func() (int, bool) {
			state, err := x.mysql[primary].Client(x.env).SemiSync()
			require.NoError(x, err)
			full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(primary))
			require.NoError(x, err)
			return state.Waiting, full.SemiSyncBlocked
		}
		for range 600 {
			x.env.Sleep(100 * time.Millisecond)
			n, blocked := waiting()
			require.LessOrEqual(x, n, 1+15)
			require.Equal(x, n == 1+15, blocked, "%d wait", n)
		}
		_, blocked := waiting()
		require.True(x, blocked)
	})
}
