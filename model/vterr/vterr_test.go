package vterr_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

func profile(t *testing.T, name string) release.Behaviors {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p.Behaviors
}

func TestCodes(t *testing.T) {
	require.EqualValues(t, 17, vterr.ClusterEvent)
	require.Equal(t, "CLUSTER_EVENT", vterr.ClusterEvent.String())
	require.Equal(t, "Code(17)", vterr.ClusterEvent.GRPC())
	require.Equal(t, "Unavailable", vterr.Unavailable.GRPC())
	require.Equal(t, "99", vterr.Code(99).String())
	require.Equal(t, "Code(-1)", vterr.Code(-1).GRPC())
	for c := vterr.OK; c <= vterr.ClusterEvent; c++ {
		parsed, ok := vterr.ParseCode(c.String())
		require.True(t, ok)
		require.Equal(t, c, parsed)
	}
	_, ok := vterr.ParseCode("NOPE")
	require.False(t, ok)
}

// How each kind of error shows its code, its type, its plain and its long form.
// spec: B-5, B-79, G-35
func TestForms(t *testing.T) {
	refused := vterr.NotServing()
	for _, c := range []struct {
		name                  string
		err                   error
		code                  vterr.Code
		typeName, plain, long string
	}{
		{"nil", nil, vterr.OK, "<nil>", "", "<nil>"},
		{"fundamental", refused, vterr.ClusterEvent, "*vterrors.fundamental", vterr.TextNotServing, "Code: CLUSTER_EVENT\n" + vterr.TextNotServing + "\n"},
		{"wrapping", vterr.ForTarget(refused, "ks.0.primary"), vterr.ClusterEvent, "*vterrors.wrapping", "target: ks.0.primary: " + vterr.TextNotServing, "Code: CLUSTER_EVENT\n" + vterr.TextNotServing + "\n\ntarget: ks.0.primary"},
		{"plain", errors.New("boom"), vterr.Unknown, "*errors.errorString", "boom", "boom"},
		{"plain around coded", fmt.Errorf("a: %w", refused), vterr.ClusterEvent, "*fmt.wrapError", "a: " + vterr.TextNotServing, "a: " + vterr.TextNotServing},
		{"canceled", context.Canceled, vterr.Canceled, "*errors.errorString", "context canceled", "context canceled"},
		{"deadline in a wrapping", vterr.Wrap(context.DeadlineExceeded, "w"), vterr.DeadlineExceeded, "*vterrors.wrapping", "w: context deadline exceeded", "context deadline exceeded\nw"},
		{"recoded", vterr.Errorf(vterr.Aborted, "x: %v", refused), vterr.Aborted, "*vterrors.fundamental", "x: " + vterr.TextNotServing, "Code: ABORTED\nx: " + vterr.TextNotServing + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.code, vterr.CodeOf(c.err))
			require.Equal(t, c.typeName, vterr.TypeName(c.err))
			require.Equal(t, c.long, vterr.Verbose(c.err))
			if c.err != nil {
				require.Equal(t, c.plain, c.err.Error())
			}
		})
	}
}

func TestWrapping(t *testing.T) {
	require.NoError(t, vterr.Wrap(nil, "x"))
	require.NoError(t, vterr.Wrapf(nil, "x %d", 1))
	err := vterr.Wrapf(vterr.Wrap(vterr.ErrShardMissing, "a"), "b %d", 2)
	require.EqualError(t, err, "b 2: a: destination shard is missing after a resharding operation")
	require.ErrorIs(t, err, vterr.ErrShardMissing)
	require.Same(t, vterr.ErrShardMissing, vterr.RootCause(err))
	require.True(t, vterr.IsShardMissing(err))
	require.False(t, vterr.IsShardMissing(vterr.New(vterr.Unavailable, vterr.ErrShardMissing.Error())), "the object counts, not the text")
	require.NoError(t, vterr.RootCause(nil))
	var own *vterr.Error
	require.ErrorAs(t, err, &own)
	require.Equal(t, vterr.Unavailable, own.Code())
}

// The complete examples of the specification, character by character.
// spec: G-22, G-28, G-35
func TestBufferErrorsAtTheClient(t *testing.T) {
	current := profile(t, "v24")
	for _, c := range []struct {
		buffer, previous error
		want             string
	}{
		{vterr.ErrBufferEvicted, nil, "target: ks1.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=<nil>): <nil>: buffer full: request evicted for newer request"},
		{vterr.ErrBufferEvicted, vterr.NotServing(), "target: ks1.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=*vterrors.fundamental): Code: CLUSTER_EVENT\noperation not allowed in state NOT_SERVING\n: buffer full: request evicted for newer request"},
		{vterr.BufferContextDone(context.DeadlineExceeded), vterr.PrimaryNotServing(current), "target: ks1.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=*vterrors.fundamental): Code: CLUSTER_EVENT\nprimary is not serving, there may be a reparent operation in progress\n: Code: UNAVAILABLE\ncontext was canceled before failover finished\n: context deadline exceeded"},
	} {
		err := vterr.ForTarget(vterr.BufferingFailed(c.buffer, c.previous), "ks1.0.primary")
		require.EqualError(t, err, c.want)
		require.Equal(t, vterr.Unavailable, vterr.CodeOf(err))
		num, state, _ := vterr.SQLError(err)
		require.Equal(t, []any{1105, "HY000"}, []any{num, state})
	}
}

// spec: T-46, T-58, G-68, T-36
func TestFromTablet(t *testing.T) {
	require.NoError(t, vterr.FromTablet(nil))
	require.NoError(t, vterr.FromTabletInBand(nil))
	err := vterr.FromTablet(vterr.NotServing())
	require.EqualError(t, err, "vttablet: rpc error: code = Code(17) desc = operation not allowed in state NOT_SERVING")
	require.Equal(t, vterr.ClusterEvent, vterr.CodeOf(err))
	require.Equal(t, "*vterrors.fundamental", vterr.TypeName(err))

	killed := vterr.StatementKilled(9012598226, 1805, "userData1", profile(t, "v24"))
	require.EqualError(t, vterr.FromTablet(killed), "vttablet: rpc error: code = Canceled desc = QueryList.TerminateAll(), elapsed time: 9.012598226s, killing connection ID 1805 (CallerID: userData1)")

	refused := vterr.FromTablet(vterr.DialRefused("[::1]:16102"))
	require.EqualError(t, refused, `vttablet: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp [::1]:16102: connect: connection refused"`)
	require.True(t, vterr.TransactionFatal(refused))

	inBand := vterr.FromTabletInBand(vterr.LockWaitTimeout(""))
	require.EqualError(t, inBand, "vttablet: Lock wait timeout exceeded; try restarting transaction (errno 1205) (sqlstate HY000)")
	require.Equal(t, vterr.DeadlineExceeded, vterr.CodeOf(inBand))
}

// The failed PRS of the published guide (v12) and its modern form.
// spec: R-9, R-9a, R-60
func TestTabletManagerErrors(t *testing.T) {
	const set = "4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677"
	operator := func(releaseName string) string {
		b := profile(t, releaseName)
		rpc := vterr.FromTabletManager(vterr.WaitPositionTimedOut(set, b), "WaitForPosition", "zone1-0000000101", b)
		return vterr.ForOperator(vterr.Wrap(rpc, "primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/"+set)).Error()
	}
	require.Equal(t, "rpc error: code = Unknown desc = primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/"+set+
		": rpc error: code = Unknown desc = TabletManager.WaitForPosition on zone1-0000000101 error: timed out waiting for position "+set+": timed out waiting for position "+set, operator("v12"))
	require.Equal(t, "rpc error: code = Unknown desc = primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/"+set+
		": rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position "+set, operator("v24"))
	require.NoError(t, vterr.FromTabletManager(nil, "Ping", "a", release.Behaviors{}))
	require.NoError(t, vterr.ForOperator(nil))
}

// spec: G-72
func TestAggregate(t *testing.T) {
	cluster, missing := vterr.New(vterr.ClusterEvent, "b"), vterr.New(vterr.Unavailable, "a")
	require.NoError(t, vterr.Aggregate(nil))
	require.NoError(t, vterr.Aggregate([]error{nil, nil}))
	require.Same(t, cluster, vterr.Aggregate([]error{nil, cluster}))
	merged := vterr.Aggregate([]error{cluster, missing})
	require.EqualError(t, merged, "a\nb")
	require.Equal(t, vterr.ClusterEvent, vterr.CodeOf(merged))
	twice := vterr.Aggregate([]error{vterr.Wrap(vterr.ErrShardMissing, "x"), vterr.Wrap(vterr.ErrShardMissing, "y")})
	require.False(t, vterr.IsShardMissing(twice), "a merged error has lost its cause")
	require.False(t, vterr.IsShardMissing(errors.Join(vterr.ErrShardMissing)))
}

// The merged code never depends on the order of the shards, and is one of theirs.
// spec: G-72
func TestAggregateIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOfN(rapid.Int32Range(1, 17), 2, 5).Draw(t, "codes")
		var forward, backward []error
		for i, c := range codes {
			err := vterr.New(vterr.Code(c), fmt.Sprint("shard ", i))
			forward = append(forward, err)
			backward = append([]error{err}, backward...)
		}
		a, b := vterr.Aggregate(forward), vterr.Aggregate(backward)
		require.Equal(t, vterr.CodeOf(a), vterr.CodeOf(b))
		require.Equal(t, a.Error(), b.Error())
		require.Contains(t, codes, int32(vterr.CodeOf(a)))
	})
}

// spec: G-78, G-79
func TestSQLError(t *testing.T) {
	readOnly := vterr.ServerReadOnly("--super-read-only", "app", "")
	for _, c := range []struct {
		err   error
		num   int
		state string
	}{
		{vterr.PrimaryNotServing(profile(t, "v24")), 1105, "HY000"},
		{vterr.NoHealthyTablet("x"), 1105, "HY000"},
		{readOnly, 1290, "HY000"},
		{vterr.BufferingFailed(vterr.ErrBufferFull, readOnly), 1290, "HY000"},
		{context.DeadlineExceeded, 1317, "70100"},
		{vterr.StatementKilled(1, 1, "", profile(t, "v24")), 1317, "70100"},
		{vterr.StatementTimedOut(1, 1, false, ""), 3024, "HY000"},
		{vterr.TransactionNotFound(1, ""), 1317, "70100"},
		{vterr.TransactionPoolFull("app"), 1203, "42000"},
		{vterr.New(vterr.ResourceExhausted, "Transaction throttled"), 1041, "HY000"},
		{vterr.New(vterr.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"), 1153, "42000"},
		{vterr.PoolClosed(""), 1815, "HY000"},
		{vterr.New(vterr.PermissionDenied, "x"), 1045, "28000"},
		{vterr.New(vterr.Unimplemented, "x"), 1235, "42000"},
		{errors.New("Server shutdown in progress (errno 1053) (sqlstate 08S01)"), 1053, "08S01"},
		{errors.New("plain"), 1105, "HY000"},
		{errors.New("(errno x) (sqlstate HY000) then (errno 7) (sqlstate AB123)"), 7, "AB123"},
		{errors.New("(errno 1) (sqlstate HY00)"), 1105, "HY000"},
		{errors.New("(errno 1) (sqlstate HY000"), 1105, "HY000"},
	} {
		num, state, text := vterr.SQLError(c.err)
		require.Equal(t, c.num, num, c.err)
		require.Equal(t, c.state, state, c.err)
		require.Equal(t, c.err.Error(), text)
	}
	num, state, text := vterr.SQLError(vterr.ServerShutdown())
	require.Equal(t, []any{1053, "08S01", "Server shutdown in progress"}, []any{num, state, text})
	num, state, text = vterr.SQLError(nil)
	require.Equal(t, []any{0, "", ""}, []any{num, state, text})
}

// spec: G-62
func TestTransactionFatal(t *testing.T) {
	for _, c := range []struct {
		err   error
		fatal bool
	}{
		{nil, false},
		{vterr.NotServing(), true},
		{vterr.ForTarget(vterr.FromTablet(vterr.ShuttingDown()), "ks.0.primary"), true},
		{vterr.WrongTabletType("PRIMARY", "REPLICA", "[]"), true},
		{vterr.New(vterr.Unavailable, "connection refused"), true},
		{vterr.New(vterr.Unavailable, "EOF"), false},
		{vterr.BeingResharded(), false},
		{vterr.DeniedTables(""), false},
		{vterr.New(vterr.Unknown, vterr.TextNotServing), false},
	} {
		require.Equal(t, c.fatal, vterr.TransactionFatal(c.err), c.err)
	}
	err := vterr.FatalTransaction(vterr.ForTarget(vterr.NotServing(), "ks.0.primary"))
	require.EqualError(t, err, "VT15001: transaction error, issue ROLLBACK and retry the transaction: target: ks.0.primary: operation not allowed in state NOT_SERVING")
	require.Equal(t, vterr.ClusterEvent, vterr.CodeOf(err))
}

func TestTransactionEndedText(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 20, 5, 877e6, time.UTC)
	require.EqualError(t, vterr.TransactionEnded(1795307765248996652, at, vterr.EndedTimeout+"30s", "userData1"),
		"transaction 1795307765248996652: ended at 2026-11-22 01:20:05.877 UTC (exceeded timeout: 30s) (CallerID: userData1)")
}

func FuzzSQLError(f *testing.F) {
	for _, seed := range []string{"(errno 1290) (sqlstate HY000)", "(errno ", "(errno 1) (sqlstate ", "(errno 99999) (sqlstate HY000)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		num, state, _ := vterr.SQLError(errors.New(text))
		require.Len(t, state, 5)
		require.GreaterOrEqual(t, num, 0)
		require.LessOrEqual(t, num, 65535)
	})
}
