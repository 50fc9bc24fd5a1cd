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

const (
	textShuttingDown = "operation not allowed in state SHUTTING_DOWN"
	textNotServing   = "operation not allowed in state NOT_SERVING"
)

// admission is one call of the query service and whether a tablet that shuts down admits it.
type admission struct {
	name, method string
	// inTransaction names an open transaction, reserved a reserved connection without one.
	inTransaction, reserved bool
	allowed                 bool
}

// admissions is every call of the query service.
func admissions() []admission {
	return []admission{
		{name: "statement", method: query.MethodExecute},
		{name: "statement of a transaction", method: query.MethodExecute, inTransaction: true, allowed: true},
		{name: "statement of a reserved connection", method: query.MethodExecute, reserved: true},
		{name: "stream", method: query.MethodStreamExecute},
		{name: "stream of a transaction", method: query.MethodStreamExecute, inTransaction: true, allowed: true},
		{name: "stream of a reserved connection", method: query.MethodStreamExecute, reserved: true},
		{name: "reservation", method: query.MethodReserveExecute},
		{name: "reservation of a transaction", method: query.MethodReserveExecute, inTransaction: true, allowed: true},
		{name: "begin", method: query.MethodBegin},
		{name: "begin and statement", method: query.MethodBeginExecute},
		{name: "begin on a reserved connection", method: query.MethodBeginExecute, reserved: true},
		{name: "reserve and begin", method: query.MethodReserveBeginExecute},
		{name: "commit", method: query.MethodCommit, inTransaction: true, allowed: true},
		{name: "rollback", method: query.MethodRollback, inTransaction: true, allowed: true},
		{name: "release of a transaction", method: query.MethodRelease, inTransaction: true, allowed: true},
		{name: "release of a reserved connection", method: query.MethodRelease, reserved: true, allowed: true},
	}
}

// ask makes the call; tx and reserved are the connections that it may name.
func (a admission) ask(s *session, tx, reserved int64) error {
	if !a.inTransaction {
		tx = 0
	}
	if !a.reserved {
		reserved = 0
	}
	var req any
	switch a.method {
	case query.MethodBegin:
		req = &query.BeginRequest{Target: s.target()}
	case query.MethodCommit, query.MethodRollback:
		req = &query.CommitRequest{Target: s.target(), TransactionID: tx}
	case query.MethodRelease:
		req = &query.ReleaseRequest{Target: s.target(), TransactionID: tx, ReservedID: reserved}
	default:
		req = &query.ExecuteRequest{
			Target: s.target(), Statement: query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1}, TransactionID: tx, ReservedID: reserved,
		}
	}
	_, err := s.conn.Call(s.x.env.Background(), a.method, req)
	return err
}

// Which calls a tablet admits: all while it serves, those that finish what is open while it
// shuts down, and none afterwards. One that is admitted may fail later, with other words.
// spec: T-40, T-41, T-44
func TestAdmissionByCall(t *testing.T) {
	for _, a := range admissions() {
		t.Run(a.name, func(t *testing.T) {
			play(t, setting{}, func(x *stage) {
				db := x.dial(primary, topodata.Primary)
				var open [2]int64 // one before the drain, one in it
				for i := range open {
					tx, err := db.begin(int64(i + 1))
					require.NoError(x, err)
					open[i] = tx
				}
				keeper, err := db.begin(9)
				require.NoError(x, err)
				reserve := func() int64 {
					resp, err := db.call(query.MethodReserveExecute, query.Statement{Verb: query.VerbSet}, 0)
					require.NoError(x, err)
					return resp.ReservedID
				}
				require.NoError(x, a.ask(db, open[0], reserve()), "the tablet serves")

				reserved := reserve()
				x.env.Go("demote", func() { x.demote() })
				x.env.Sleep(100 * time.Millisecond)
				err = a.ask(db, open[1], reserved)
				if a.allowed {
					require.NotEqual(x, vterr.ClusterEvent, vterr.CodeOf(err), "%v", err)
				} else {
					require.EqualError(x, err, textShuttingDown)
				}
				require.NoError(x, db.commit(keeper))
				x.env.Sleep(4 * time.Second)
				require.EqualError(x, a.ask(db, open[1], reserved), textNotServing)
			})
		})
	}
}

// A drain without a grace period waits for the last request. From v19 on nothing is admitted
// then, commits included; before, what finishes something is. Afterwards the tablet can serve
// as if nothing had been.
// spec: T-33, T-41
func TestAdmissionDuringTheWaitForRequests(t *testing.T) {
	for _, c := range []struct {
		release string
		commit  string // what a commit of an unknown transaction is told
	}{
		{"v19", textShuttingDown},
		{"v18", "transaction 7: not found (potential transaction timeout) (CallerID: userData1)"},
	} {
		play(t, setting{release: c.release}, func(x *stage) {
			db := x.dial(primary, topodata.Primary)
			for _, d := range []time.Duration{time.Second, 2 * time.Second} {
				x.env.Go("read", func() { _, _ = db.call(query.MethodExecute, sleepFor(d), 0) })
			}
			x.env.Sleep(10 * time.Millisecond)
			var took time.Duration
			demoted := x.env.NewEvent("demoted")
			x.env.Go("demote", func() {
				took = x.demote()
				demoted.Set()
			})
			x.env.Sleep(1500 * time.Millisecond)
			require.EqualError(x, db.commit(7), c.commit)
			require.EqualError(x, db.read(), textShuttingDown)
			demoted.Wait()
			require.InDelta(x, 1990*time.Millisecond, took, float64(10*time.Millisecond), "until the last request, not the first")
			require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), false))
			require.NoError(x, db.insert(1))
			tx, err := db.begin(2)
			require.NoError(x, err)
			require.NoError(x, db.commit(tx))
		})
	}
}

// A request is refused for the first thing that is wrong with its target: keyspace, shard,
// type; and it does not count as outstanding.
// spec: T-42, T-43
func TestOrderOfTargetChecks(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		conn := x.dial(primary, topodata.Primary).conn
		for n := range 8 {
			target := query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary}
			code, text := vterr.OK, ""
			if n&1 != 0 {
				target.TabletType = topodata.Replica
				code, text = vterr.FailedPrecondition, "wrong tablet type: REPLICA, want: PRIMARY or []"
			}
			if n&2 != 0 {
				target.Shard = "-80"
				code, text = vterr.InvalidArgument, "invalid shard -80 does not match expected 0"
			}
			if n&4 != 0 {
				target.Keyspace = "other"
				code, text = vterr.InvalidArgument, "invalid keyspace other does not match expected commerce"
			}
			_, err := conn.Call(x.env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: target})
			if text == "" {
				require.NoError(x, err)
				continue
			}
			require.EqualError(x, err, text)
			require.Equal(x, code, vterr.CodeOf(err))
			require.Zero(x, x.tablets[primary].Status().Requests)
		}
	})
}

// A demotion that hangs raises an alarm after ten remote operation timeouts, not before: the
// tablet tells it at once, with a reason, and answers nothing any more, though its service was
// never stopped. The end of the demotion takes it all back.
// spec: R-31, T-12, T-40, T-72, T-76
func TestStalledDemotion(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		require.NoError(x, x.tmc.SetReadOnly(x.within(remoteTimeout), alias(primary)))
		x.mysql[primary].SetTimings(func(m *mysqld.Timings) { m.SuperReadOnly = sim.Constant(160 * time.Second) })
		db := x.dial(primary, topodata.Primary)
		messages := x.watchHealth(primary)
		x.env.Go("demote", func() { _, _ = x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), false) })
		x.env.Sleep(149900 * time.Millisecond)
		require.NoError(x, db.read())
		_, text, serving := lastHeard(messages)
		require.True(x, serving, text)
		before := len(*messages)
		x.env.Sleep(200 * time.Millisecond)
		require.EqualError(x, db.read(), textNotServing)
		require.Len(x, *messages, before+1, "told at once")
		_, text, serving = lastHeard(messages)
		require.False(x, serving)
		require.Equal(x, "VT09031: Primary demotion is stalled", text)
		require.False(x, x.tablets[primary].Status().Serving)
		x.env.Sleep(11 * time.Second)
		_, text, serving = lastHeard(messages)
		require.True(x, serving, "the demotion of a read-only primary leaves its service alone")
		require.Empty(x, text)
		require.NoError(x, db.read())
		x.env.Sleep(5 * time.Minute)
		require.NoError(x, db.read(), "no late alarm")
	})
}

// A process that got SIGTERM refuses calls on connections that exist, of the query service and
// of the tablet manager, as if nobody listened.
// spec: T-90, T-91
func TestNoCallsAfterTheSignal(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { f.Common.OnTermTimeout = 10 * time.Second }}, func(x *stage) {
		db := x.dial(primary, topodata.Primary)
		tx, err := db.begin(1)
		require.NoError(x, err)
		require.NoError(x, x.tmc.Ping(x.within(time.Second), alias(primary)))
		x.tabletEnv(primary).Go("term", x.tablets[primary].Terminate)
		x.env.Sleep(time.Second)
		for _, err := range []error{db.read(), db.commit(tx), x.tmc.Ping(x.within(time.Second), alias(primary))} {
			require.ErrorContains(x, err, "connect: connection refused")
		}
	})
}
