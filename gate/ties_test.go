package gate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// A session's tie to a shard takes over what was opened and keeps the rest; the end of a
// transaction leaves the reserved connection, under the number that it has then.
// spec: G-60, G-65
func TestTiesOfASession(t *testing.T) {
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s := newSession(env, 1, 1, "app", database{})
		shard := func(name string) query.Target {
			return query.Target{Keyspace: "ks", Shard: name, TabletType: topodata.Primary}
		}
		a, b, tablet := shard("-80"), shard("80-"), topodata.TabletAlias{Cell: "zone1", UID: 1}
		is := func(what string, target query.Target, transaction, reserved int64) {
			tie := s.bound(target)
			env.Assert(tie.transactionID == transaction && tie.reservedID == reserved, what)
			env.Assert(tie.alias == tablet == (transaction != 0 || reserved != 0), what)
		}
		s.record(a, &query.ExecuteResponse{Alias: tablet})
		is("nothing was opened", a, 0, 0)
		s.record(a, &query.ExecuteResponse{Alias: tablet, ReservedID: 3})
		s.record(b, &query.ExecuteResponse{Alias: tablet, TransactionID: 8})
		is("reserved", a, 0, 3)
		s.record(a, &query.ExecuteResponse{Alias: tablet, TransactionID: 4})
		is("begun besides", a, 4, 3)
		s.record(b, &query.ExecuteResponse{Alias: tablet, ReservedID: 9})
		is("reserved besides", b, 8, 9)
		s.record(a, &query.ExecuteResponse{})
		is("a call that opened nothing", a, 4, 3)
		s.transactionOver(a, 5)
		is("still reserved", a, 0, 5)
		is("the other shard", b, 8, 9)
		s.transactionOver(b, 0)
		is("over", b, 0, 0)
		env.Assert(len(s.ties()) == 1, "one is left")
		s.drop(a)
		is("dropped", a, 0, 0)
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}

// What a failed statement on a reserved connection means: the connection is lost, its tablet
// cannot serve, or neither. spec: G-65
func TestWhatAFailureOnAReservedConnectionMeans(t *testing.T) {
	primary, replica := query.Target{TabletType: topodata.Primary}, query.Target{TabletType: topodata.Replica}
	ended := vterr.TransactionEnded(1, time.Unix(0, 0).UTC(), vterr.EndedConnection, "")
	for _, row := range []struct {
		err                      error
		lost, unfit, replicaGone bool
	}{
		{vterr.New(vterr.Unknown, "MySQL server has gone away (errno 2006) (sqlstate HY000)"), true, false, false},
		{vterr.New(vterr.Unknown, "Lost connection to MySQL server during query (errno 2013) (sqlstate HY000)"), true, false, false},
		{vterr.New(vterr.Unknown, "Duplicate entry (errno 1062) (sqlstate 23000)"), false, false, false},
		{ended, true, false, false},
		{vterr.New(vterr.Aborted, "transaction 5: not found (CallerID: app)"), true, false, false},
		{vterr.New(vterr.Aborted, "transaction 5: in use: for tx killer rollback"), true, false, false},
		{vterr.New(vterr.Aborted, "transaction 5: something else"), false, false, false},
		{vterr.New(vterr.Aborted, "interrupted: not found"), false, false, false},
		{vterr.New(vterr.InvalidArgument, "transaction 5: not found"), false, false, false},
		{vterr.New(vterr.Unavailable, "whatever"), false, true, true},
		{vterr.New(vterr.FailedPrecondition, "wrong tablet type: PRIMARY, want: REPLICA or []"), false, true, true},
		{vterr.New(vterr.FailedPrecondition, "invalid tablet type: REPLICA"), false, true, true},
		{vterr.New(vterr.FailedPrecondition, "disallowed due to rule"), false, false, false},
		{vterr.New(vterr.ClusterEvent, "The MySQL server is running with the --super-read-only option"), false, true, false},
		{vterr.NotServing(), false, true, true},
		{vterr.New(vterr.ClusterEvent, vterr.TextShuttingDown), false, true, true},
		{vterr.New(vterr.Internal, vterr.TextNotServing), false, false, false},
	} {
		require.Equal(t, row.lost, lostConnection(row.err), "lost: %v", row.err)
		require.Equal(t, row.unfit, tabletUnfit(primary, row.err), "unfit: %v", row.err)
		require.Equal(t, row.replicaGone, tabletUnfit(replica, row.err), "unfit replica: %v", row.err)
	}
}
