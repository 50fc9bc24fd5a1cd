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

// A streaming query has a pool of its own and no limit but its caller's, and a drain kills it
// as soon as the transactions are over, long before other reads.
// spec: T-30, T-44, T-52
func TestStreamingQuery(t *testing.T) {
	x := play(t, setting{change: func(f *flags.Set) {
		f.VTTablet.StreamPoolSize, f.VTTablet.StreamPoolTimeout = 1, time.Second
	}}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		var killed error
		x.env.Go("stream", func() { _, killed = db.call(query.MethodStreamExecute, sleepFor(time.Hour), 0) })
		x.env.Sleep(40 * time.Second)
		require.NoError(x, killed, "the query timeout is not for it")
		_, err := db.call(query.MethodStreamExecute, sleepFor(time.Second), 0)
		require.Equal(x, vterr.ResourceExhausted, vterr.CodeOf(err))
		require.EqualError(x, err, "connection pool timed out (CallerID: userData1)")
		require.NoError(x, db.read(), "other reads have their own pool")

		tx, err := db.begin(1)
		require.NoError(x, err)
		x.env.Go("commit", func() { x.env.Sleep(time.Second); require.NoError(x, db.commit(tx)) })
		took := x.demote()
		require.ErrorContains(x, killed, "QueryList.TerminateAll()")
		require.InDelta(x, 3*time.Second, took, float64(20*time.Millisecond), "it was still outstanding at the check")
		_, err = db.call(query.MethodStreamExecute, sleepFor(time.Second), 0)
		require.EqualError(x, err, "operation not allowed in state NOT_SERVING")
	})
	var at []time.Duration
	for _, e := range x.events.events {
		if e.Kind == tablet.KindKill && e.Text("what") == "streams" {
			at = append(at, time.Duration(e.Time))
		}
		if e.Kind == tablet.KindDrain {
			at = append(at, time.Duration(e.Time))
		}
	}
	require.Len(t, at, 4)
	require.InDelta(t, time.Second, at[1]-at[0], float64(10*time.Millisecond), "killed when the transaction is over")
}

// A query rule refuses a statement for good or for a retry, or holds it until the rule is
// taken away or its patience is over.
// spec: T-48
func TestQueryRules(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db, tb := x.dial(primary, topodata.Primary), x.tablets[primary]
		for action, code := range map[tablet.RuleAction]vterr.Code{tablet.RuleFail: vterr.InvalidArgument, tablet.RuleFailRetry: vterr.FailedPrecondition} {
			tb.SetQueryRules(tablet.QueryRule{Description: "no scans", Table: "t", Action: action})
			err := db.insert(1)
			require.Equal(x, code, vterr.CodeOf(err))
			require.EqualError(x, err, "disallowed due to rule: no scans (CallerID: userData1)")
		}
		tb.SetQueryRules(tablet.QueryRule{Description: "buffered for cut-over", Table: "t", Action: tablet.RuleBuffer, BufferTimeout: 5 * time.Second})
		var err error
		require.Equal(x, 5*time.Second, x.took(func() { err = db.insert(1) }).Truncate(100*time.Millisecond))
		require.Equal(x, vterr.FailedPrecondition, vterr.CodeOf(err))
		require.EqualError(x, err, "buffer timeout after 5s in rule: buffered for cut-over (CallerID: userData1)")
		x.env.Go("lift", func() { x.env.Sleep(time.Second); tb.SetQueryRules() })
		require.InDelta(x, time.Second, x.took(func() { require.NoError(x, db.insert(1)) }), float64(10*time.Millisecond))
		require.NoError(x, db.read())
	})
}

// An autocommit write that was admitted just before a drain and comes to the transactions
// after it finds the pool closed, which nobody buffers; while the drain waits, it still runs.
// spec: T-32, T-142
func TestAdmittedJustBeforeTheDrain(t *testing.T) {
	for open, text := range map[bool]string{false: "connection pool is closed (CallerID: userData1)", true: ""} {
		play(t, setting{}, func(x *stage) {
			db := x.dial(primary, topodata.Primary)
			if open { // a transaction keeps the drain
				_, err := db.begin(1)
				require.NoError(x, err)
			}
			x.tablets[primary].SetTimings(func(m *tablet.Timings) { m.CPU = sim.Constant(100 * time.Millisecond) })
			done := x.env.NewEvent("done")
			var err error
			x.env.Go("late", func() {
				err = db.insert(2)
				done.Set()
			})
			x.env.Sleep(time.Millisecond)
			x.env.Go("demote", func() { x.demote() })
			done.Wait()
			if text == "" {
				require.NoError(x, err)
				return
			}
			require.Equal(x, vterr.Internal, vterr.CodeOf(err))
			require.EqualError(x, err, text)
		})
	}
}

// A primary that is made a replica at once still serves while it waits for its transactions:
// a BEGIN is admitted and refused by the transaction engine, which is retried, not buffered.
// spec: T-24, T-32, T-56
func TestBeginWhileTransactionsEnd(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		x.env.Go("change", func() { x.changeType(primary, topodata.Replica) })
		x.env.Sleep(100 * time.Millisecond)
		_, err = db.begin(2)
		require.Equal(x, vterr.Unavailable, vterr.CodeOf(err))
		require.EqualError(x, err, "tx engine can't accept new connections in state Transitioning")
		require.NoError(x, db.read())
		require.NoError(x, db.commit(tx))
		x.env.Sleep(10 * time.Millisecond)
		require.ErrorContains(x, db.read(), "wrong tablet type: PRIMARY, want: REPLICA")
	})
}

// A caller's own timeout replaces the tablet's, shorter or longer; a session's transaction
// timeout only lowers it, for its statements and for its idle transactions; analytical
// sessions have their own.
// spec: T-50, T-54
func TestTimeoutsOfSessions(t *testing.T) {
	execute := func(x *stage, opts query.ExecuteOptions, tx int64, method string, d time.Duration) (int64, error) {
		db := x.dial(primary, topodata.Primary)
		resp, err := db.conn.Call(x.env.Background(), method, &query.ExecuteRequest{Target: db.target(), Statement: sleepFor(d), TransactionID: tx, Options: opts})
		if r, ok := resp.(*query.ExecuteResponse); ok && r != nil {
			return r.TransactionID, err
		}
		return 0, err
	}
	play(t, setting{change: func(f *flags.Set) { f.VTTablet.OLAPTransactionTimeout = 60 * time.Second }}, func(x *stage) {
		for limit, want := range map[time.Duration]time.Duration{5 * time.Second: 5 * time.Second, 40 * time.Second: 40 * time.Second, 0: 30 * time.Second} {
			took := x.took(func() {
				_, err := execute(x, query.ExecuteOptions{AuthoritativeTimeout: limit}, 0, query.MethodExecute, time.Minute)
				require.ErrorContains(x, err, "maximum statement execution time exceeded")
			})
			require.InDelta(x, want, took, float64(10*time.Millisecond))
		}
		short := query.ExecuteOptions{TransactionTimeout: 4 * time.Second}
		tx, err := execute(x, short, 0, query.MethodBeginExecute, 0)
		require.NoError(x, err)
		took := x.took(func() {
			_, err := execute(x, short, tx, query.MethodExecute, time.Minute)
			require.ErrorContains(x, err, "killing connection ID")
		})
		require.InDelta(x, 4*time.Second, took, float64(10*time.Millisecond))

		idle, err := execute(x, query.ExecuteOptions{TransactionTimeout: time.Hour}, 0, query.MethodBeginExecute, 0)
		require.NoError(x, err)
		olap, err := execute(x, query.ExecuteOptions{OLAP: true}, 0, query.MethodBeginExecute, 0)
		require.NoError(x, err)
		x.env.Sleep(35 * time.Second)
		db := x.dial(primary, topodata.Primary)
		require.ErrorContains(x, db.commit(idle), "exceeded timeout: 30s", "not longer than the tablet's")
		require.NoError(x, db.commit(olap))
	})
}

// The time of a statement outside of a transaction ends the statement; a reserved connection
// lives on.
// spec: T-51
func TestTimeoutSparesTheReservedConnection(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		resp, err := db.call(query.MethodReserveExecute, query.Statement{Verb: query.VerbSet}, 0)
		require.NoError(x, err)
		for range 2 {
			_, err := db.conn.Call(x.env.Background(), query.MethodExecute, &query.ExecuteRequest{
				Target: db.target(), Statement: sleepFor(time.Minute), ReservedID: resp.ReservedID,
			})
			require.ErrorContains(x, err, "killing query ID")
		}
	})
}

// A MySQL server that is shut down in order answers with its own text, which the gate may
// retry on.
// spec: T-58, T-119
func TestMySQLShutdown(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		var running error
		done := x.env.NewEvent("done")
		x.env.Go("read", func() {
			_, running = x.dial(primary, topodata.Primary).call(query.MethodExecute, sleepFor(time.Minute), 0)
			done.Set()
		})
		x.env.Sleep(10 * time.Millisecond)
		x.mysql[primary].Shutdown()
		done.Wait()
		require.Equal(x, vterr.Unavailable, vterr.CodeOf(running))
		require.EqualError(x, running, "Server shutdown in progress (errno 1053) (sqlstate 08S01) (CallerID: userData1)")
	})
}

// A restart of the only acknowledging replica's threads freezes commits until it is back,
// before anything is demoted.
// spec: T-113, T-147
func TestRestartOfTheOnlyAcknowledger(t *testing.T) {
	play(t, setting{durability: "semi_sync", mysql: func(m *mysqld.Timings) { m.ReplicaConnect = sim.Constant(200 * time.Millisecond) }}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		x.env.Sleep(time.Second) // both are attached
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica2)))
		require.Less(x, x.took(func() { require.NoError(x, db.insert(1)) }), 10*time.Millisecond)
		x.env.Go("elect", func() { require.NoError(x, x.tmc.RestartReplication(x.within(remoteTimeout), alias(replica1), true)) })
		x.env.Sleep(2 * time.Millisecond)
		require.InDelta(x, 200*time.Millisecond, x.took(func() { require.NoError(x, db.insert(2)) }), float64(15*time.Millisecond))
		require.True(x, x.tablets[primary].Status().Serving)
	})
}

// The monitor gives up after fifteen writes that hang, and reports the block. Then an
// acknowledger that comes back with everything received before releases nobody: it takes one
// more transaction, which nobody writes but a client.
// spec: T-118, T-118a
func TestMonitorGivesUp(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), false)) // receives, does not acknowledge
		db := x.dial(primary, topodata.Primary)
		x.env.Go("write", func() { _ = db.insert(1) })
		blocked := func() bool {
			full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(primary))
			return err == nil && full.SemiSyncBlocked
		}
		x.env.Sleep(15 * time.Second)
		require.False(x, blocked())
		x.eventually("blocked", blocked)
		require.NoError(x, x.tmc.RestartReplication(x.within(remoteTimeout), alias(replica1), true))
		x.env.Sleep(3 * time.Minute)
		require.True(x, blocked(), "an acknowledger is there, and nothing moves")
		require.EqualValues(x, 0, x.count(primary))
		require.NoError(x, db.insert(2))
		require.EqualValues(x, 2, x.count(primary), "one acknowledged write releases all")
		x.env.Sleep(time.Second)
		require.False(x, blocked())
	})
}

// A promotion that has to make the sidecar database first writes: under super_read_only that
// fails and is tried again every second, and under semi-sync without an acknowledger it hangs
// in the middle of the promotion.
// spec: T-22, T-88, T-122
func TestSidecarWritesOfAPromotion(t *testing.T) {
	fresh := func(x *stage) { // a tablet whose server has no sidecar database
		require.NoError(x, x.extraTablet(200, flags.Defaults(latest())))
		require.NoError(x, x.mysql[200].Client(x.env).StopReplication(false))
	}
	serving := func(x *stage) func() bool {
		return func() bool {
			return x.tablets[200].Status().Serving && x.tablets[200].Status().Type == topodata.Primary
		}
	}
	play(t, setting{}, func(x *stage) {
		fresh(x)
		require.Error(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(200), topodata.Primary, false), "the server is read-only")
		require.ErrorContains(x, x.tablets[200].Status().Failure, "(errno 1290)")
		require.Empty(x, x.mysql[200].Executed())
		require.NoError(x, x.mysql[200].Client(x.env).SetReadOnly(false))
		require.LessOrEqual(x, x.took(func() { x.eventually("serving", serving(x)) }), 1010*time.Millisecond)
		require.EqualValues(x, 2, x.mysql[200].Executed().Count())
	})
	play(t, setting{}, func(x *stage) {
		fresh(x)
		mysql := x.mysql[200].Client(x.env)
		require.NoError(x, mysql.SetReadOnly(false))
		require.NoError(x, mysql.SetSemiSync(true, true))
		require.Error(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(200), topodata.Primary, true))
		x.env.Sleep(time.Minute)
		require.False(x, serving(x)())
		require.NoError(x, mysql.SetSemiSync(false, true))
		x.eventually("serving", serving(x))
	})
}
