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
	"bufsim/tablet/mysqld"
)

// The twenty-first writer waits a second for a transaction connection and then fails.
// spec: T-52, T-53
func TestTransactionPoolFull(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		var first int64
		for key := range int64(20) {
			tx, err := db.begin(key + 1)
			require.NoError(x, err)
			first = max(first, tx)
		}
		var err error
		took := x.took(func() { err = db.insert(100) })
		require.EqualError(x, err, "transaction pool connection limit exceeded (CallerID: userData1)")
		require.Equal(x, vterr.ResourceExhausted, vterr.CodeOf(err))
		require.InDelta(x, time.Second, took, float64(5*time.Millisecond))
		require.NoError(x, db.read(), "reads have their own pool")
		x.env.Go("commit", func() { require.NoError(x, db.commit(first)) })
		require.NoError(x, db.insert(101))
	})
}

// An idle transaction lives 30 to 33 seconds; what comes later names its end.
// spec: T-54, T-55
func TestTransactionTimeout(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		x.env.Sleep(29 * time.Second)
		_, err = db.call(query.MethodExecute, insert(2), tx)
		require.NoError(x, err, "use does not extend it")
		x.env.Sleep(4100 * time.Millisecond)
		err = db.commit(tx)
		require.Equal(x, vterr.Aborted, vterr.CodeOf(err))
		require.Regexp(x, `^transaction \d+: ended at .* \(exceeded timeout: 30s\) \(CallerID: userData1\)$`, err.Error())
		require.EqualError(x, db.commit(7), "transaction 7: not found (potential transaction timeout) (CallerID: userData1)")
	})
}

// A write outside of a transaction has a transaction's connection, and that is killed when its
// time is over. Measured: an INSERT that nobody acknowledged.
// spec: T-51, T-53
func TestWriteTimeoutKillsTheConnection(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		db := x.dial(primary, topodata.Primary)
		var err error
		took := x.took(func() { err = db.insert(1) })
		require.InDelta(x, 30*time.Second, took, float64(10*time.Millisecond))
		require.ErrorContains(x, err, "killing connection ID")
	})
}

// A statement ends when its time is over: 30 seconds, or less if its caller says so.
// spec: T-50, T-51
func TestQueryTimeout(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		var err error
		took := x.took(func() { _, err = db.call(query.MethodExecute, sleepFor(40*time.Second), 0) })
		require.InDelta(x, 30*time.Second, took, float64(10*time.Millisecond))
		require.Equal(x, vterr.Canceled, vterr.CodeOf(err))
		require.Regexp(x, `maximum statement execution time exceeded, elapsed time: (29\.99\d*|30)s, killing query ID \d+ \(CallerID: userData1\)$`, err.Error())

		tx, err := db.begin(1)
		require.NoError(x, err)
		_, err = db.call(query.MethodExecute, sleepFor(40*time.Second), tx)
		require.ErrorContains(x, err, "killing connection ID")
		require.ErrorContains(x, db.commit(tx), "(unlocked closed connection)")
	})
}

// Equal reads that run at the same time are one read.
// spec: T-50a
func TestConsolidation(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		x.env.Go("first", func() { _, _ = db.call(query.MethodExecute, sleepFor(3*time.Second), 0) })
		x.env.Sleep(1500 * time.Millisecond)
		took := x.took(func() { _, _ = db.call(query.MethodExecute, sleepFor(3*time.Second), 0) })
		require.InDelta(x, 1500*time.Millisecond, took, float64(5*time.Millisecond))
		require.Equal(x, 0, x.tablets[primary].Status().Requests)
	})
}

// A reserved connection goes on under a new number when its transaction ends.
// spec: gateway 7, T-32
func TestReservedConnection(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		resp, err := db.call(query.MethodReserveBeginExecute, insert(1), 0)
		require.NoError(x, err)
		require.Equal(x, resp.TransactionID, resp.ReservedID)
		answer, err := db.conn.Call(x.env.Background(), query.MethodCommit, &query.CommitRequest{Target: db.target(), TransactionID: resp.TransactionID})
		require.NoError(x, err)
		reserved := answer.(*query.CommitResponse).ReservedID
		require.Greater(x, reserved, resp.ReservedID)
		require.Less(x, x.demote(), 100*time.Millisecond, "a reserved connection without a transaction does not keep the drain")
	})
}

// Denied tables are refused before anything runs; from v24 on reads may be let through.
// spec: T-47
func TestDeniedTables(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		_, err := x.topo.UpdateShardFields(x.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
			s.TabletControls = []topodata.TabletControl{{TabletType: topodata.Primary, DeniedTables: []string{"t"}, AllowReads: true}}
			return nil
		})
		require.NoError(x, err)
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(primary)))
		db := x.dial(primary, topodata.Primary)
		refused := db.insert(1)
		require.Equal(x, vterr.FailedPrecondition, vterr.CodeOf(refused))
		require.EqualError(x, refused, "disallowed due to rule: enforce denied tables (CallerID: userData1)")
		require.NoError(x, db.read())
	})
}

// A new primary takes requests for its old type for a while, if the flag says so.
// spec: T-28, T-42, T-155
func TestServingStateGracePeriod(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { f.VTTablet.ServingStateGracePeriod = time.Second }}, func(x *stage) {
		x.reparent(replica1, false)
		db := x.dial(replica1, topodata.Replica)
		require.NoError(x, db.read())
		require.EqualError(x, x.dial(replica1, topodata.RDOnly).read(), "wrong tablet type: RDONLY, want: PRIMARY or [REPLICA]")
		x.env.Sleep(1100 * time.Millisecond)
		require.EqualError(x, db.read(), "wrong tablet type: REPLICA, want: PRIMARY or []")
	})
}

// Lag is only looked at when a message is sent, and then it gates queries; without the
// reporter a replica that does not replicate is fine.
// spec: T-73, T-74, T-75, T-76, T-77, T-79, T-137, T-145
func TestReplicationTracker(t *testing.T) {
	for _, reporter := range []bool{true, false} {
		play(t, setting{change: func(f *flags.Set) {
			f.VTTablet.EnableReplicationReporter = reporter
			f.VTTablet.UnhealthyThreshold = 10 * time.Second
		}}, func(x *stage) {
			db := x.dial(replica1, topodata.Replica)
			messages := x.watchHealth(replica1)
			x.env.Sleep(25 * time.Second)
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
			require.NoError(x, db.read(), "not noticed before the next tick")
			x.env.Sleep(40 * time.Second)
			last := (*messages)[len(*messages)-1].msg
			require.Equal(x, !reporter, last.Serving)
			if reporter {
				require.EqualError(x, db.read(), "operation not allowed in state NOT_SERVING")
				require.Greater(x, last.RealtimeStats.ReplicationLagSeconds, uint32(10))
				require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), false))
				x.eventually("serving", func() bool { return db.read() == nil })
			}
			require.Zero(x, last.RealtimeStats.HealthError)
		})
	}
}

// Ticks come every interval, counted from the last message; the first message is the
// present state.
// spec: T-71, T-72, T-144
func TestHealthTicks(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		messages := x.watchHealth(primary)
		x.env.Sleep(time.Second)
		require.Len(x, *messages, 1)
		require.NoError(x, x.tmc.ChangeType(x.within(remoteTimeout), alias(primary), topodata.Replica, false))
		x.env.Sleep(100 * time.Millisecond)
		changed := len(*messages)
		require.Equal(x, 2, changed)
		x.env.Sleep(19800 * time.Millisecond)
		require.Len(x, *messages, changed)
		x.env.Sleep(200 * time.Millisecond)
		require.Len(x, *messages, changed+1)
	})
}

// Requests for another keyspace or shard are refused as wrong.
// spec: T-42
func TestWrongTarget(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		conn := x.dial(primary, topodata.Primary).conn
		for _, c := range []struct {
			target query.Target
			text   string
		}{
			{query.Target{}, "No target"},
			{query.Target{Keyspace: "other", Shard: "0", TabletType: topodata.Primary}, "invalid keyspace other does not match expected commerce"},
			{query.Target{Keyspace: "commerce", Shard: "-80", TabletType: topodata.Primary}, "invalid shard -80 does not match expected 0"},
		} {
			_, err := conn.Call(x.env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: c.target})
			require.EqualError(x, err, c.text)
			require.Equal(x, vterr.InvalidArgument, vterr.CodeOf(err))
		}
	})
}

// Writes on a replica need a primary.
// spec: T-57
func TestWriteOnReplica(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		require.EqualError(x, x.dial(replica1, topodata.Replica).insert(1), "cannot start read write transaction on a read only tablet")
	})
}

// The record is written again when the topology is back; a record that vanished ends the
// process.
// spec: T-84, T-140
func TestPublishing(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.hosts["topo"].Crash()
		x.env.Go("change", func() {
			_ = x.tmc.ChangeType(x.within(time.Minute), alias(replica2), topodata.Drained, false)
		})
		x.env.Sleep(20 * time.Second)
		require.Equal(x, topodata.Drained, x.tablets[replica2].Status().Type, "the topology is not needed for that")
		x.hosts["topo"].Restart()
		x.eventually("published", func() bool {
			record, err := x.topo.GetTablet(x.within(time.Second), alias(replica2))
			return err == nil && record.Type == topodata.Drained
		})
		require.NoError(x, x.topo.DeleteTablet(x.env.Background(), alias(replica1)))
		require.NoError(x, x.tmc.ChangeType(x.within(time.Minute), alias(replica1), topodata.RDOnly, false))
		x.tablets[replica1].Stopped().Wait()
	})
}

// The same seed plays the same world.
func TestDeterminism(t *testing.T) {
	run := func(seed uint64) uint64 {
		x := &stage{events: &recorder{}}
		out := build(setting{seed: seed, durability: "semi_sync", realTimings: true, semiSyncPoll: true}, x, func(x *stage) {
			group := x.env.NewWaitGroup("clients")
			for i := range int64(3) {
				group.Go("client", func() {
					for n := range int64(20) {
						_ = x.dial(primary, topodata.Primary).insert(i*1000 + n + 1)
					}
				})
			}
			x.reparent(replica1, true)
			group.Wait()
		}).Run()
		require.Equal(t, "done", out.ID, out.Detail)
		return out.Hash
	}
	require.Equal(t, run(1), run(1))
	require.NotEqual(t, run(1), run(2))
}

// In releases with two-phase commit a promotion waits for statements in transactions of the
// replica, up to their own limit.
// spec: T-146, R-200a
func TestPromotionWaitsForTransactionalRead(t *testing.T) {
	play(t, setting{mysql: func(m *mysqld.Timings) { m.Read = sim.Constant(time.Millisecond) }}, func(x *stage) {
		x.env.Go("inside", func() {
			_, _ = x.dial(replica1, topodata.Replica).call(query.MethodBeginExecute, sleepFor(5*time.Second), 0)
		})
		x.env.Sleep(100 * time.Millisecond)
		x.demote()
		took := x.took(func() {
			_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
			require.NoError(x, err)
		})
		require.InDelta(x, 4900*time.Millisecond, took, float64(100*time.Millisecond))
	})
}

// A lameduck tablet stops advertising at the next tick, still answers, and is healed by any
// command to serve, also one that changes nothing.
// spec: T-12, T-13, T-73, T-138
func TestLameduck(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		messages := x.watchHealth(primary)
		x.tablets[primary].EnterLameduck()
		x.env.Sleep(time.Second)
		require.Len(x, *messages, 1, "nothing is sent at once")
		x.env.Sleep(20 * time.Second)
		require.False(x, (*messages)[1].msg.Serving)
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(primary)))
		x.env.Sleep(20 * time.Second)
		require.True(x, (*messages)[2].msg.Serving)
	})
}
