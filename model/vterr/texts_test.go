package vterr_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

// sample is one text of the package, made with example arguments.
type sample struct {
	name string
	err  error
}

func samples(b release.Behaviors) []sample {
	ended := time.Date(2026, 11, 22, 1, 20, 5, 877e6, time.UTC)
	cause := vterr.NotServing()
	return []sample{
		{"ErrBufferFull", vterr.ErrBufferFull},
		{"ErrBufferEvicted", vterr.ErrBufferEvicted},
		{"ErrShardMissing", vterr.ErrShardMissing},
		{"BufferContextDone", vterr.BufferContextDone(context.Canceled)},
		{"BufferingFailed", vterr.BufferingFailed(vterr.ErrBufferFull, cause)},
		{"ForTarget", vterr.ForTarget(cause, "commerce.0.primary")},
		{"PrimaryNotServing", vterr.PrimaryNotServing(b)},
		{"BeingResharded", vterr.BeingResharded()},
		{"InconsistentState", vterr.InconsistentState()},
		{"NoHealthyTablet", vterr.NoHealthyTablet(`keyspace:"commerce" shard:"0" tablet_type:PRIMARY`)},
		{"NoAvailableConnection", vterr.NoAvailableConnection(b)},
		{"NoConnectionForTablet", vterr.NoConnectionForTablet("zone1-0000000100", b)},
		{"TransactionOnReplica", vterr.TransactionOnReplica()},
		{"TypeNotAllowed", vterr.TypeNotAllowed("RDONLY", "[PRIMARY REPLICA]")},
		{"FatalTransaction", vterr.FatalTransaction(cause)},
		{"RollbackRequired", vterr.RollbackRequired()},
		{"UpstreamShardsUnavailable", vterr.UpstreamShardsUnavailable()},
		{"QueryFailedAfterRetries", vterr.QueryFailedAfterRetries("select 1", vterr.DeniedTables(""))},
		{"TabletDown", vterr.TabletDown("zone1-0000000100")},
		{"NoPartition", vterr.NoPartition("PRIMARY", "commerce")},
		{"KeyspaceFetchFailed", vterr.KeyspaceFetchFailed("commerce", context.DeadlineExceeded)},
		{"ConnectionClosed", vterr.ConnectionClosed()},
		{"ServerShutdown", vterr.ServerShutdown()},
		{"HealthCheckTimedOut", vterr.HealthCheckTimedOut("12s")},
		{"HealthStatsInvalid", vterr.HealthStatsInvalid("{}")},
		{"HealthStatsMismatch", vterr.HealthStatsMismatch("zone1-0000000100", "zone1-0000000101")},
		{"VTTabletHealth", vterr.VTTabletHealth(vterr.HealthNoHeartbeat)},
		{"NotServing", vterr.NotServing()},
		{"ShuttingDown", vterr.ShuttingDown()},
		{"NoTarget", vterr.NoTarget()},
		{"InvalidKeyspace", vterr.InvalidKeyspace("a", "b")},
		{"InvalidShard", vterr.InvalidShard("-80", "80-")},
		{"WrongTabletType", vterr.WrongTabletType("PRIMARY", "REPLICA", "[]")},
		{"DeniedTables", vterr.DeniedTables("app")},
		{"PoolTimedOut", vterr.PoolTimedOut("app")},
		{"TransactionPoolFull", vterr.TransactionPoolFull("app")},
		{"TransactionPoolExpired", vterr.TransactionPoolExpired("")},
		{"PoolClosed", vterr.PoolClosed("app")},
		{"StatementKilled", vterr.StatementKilled(9012598226, 1805, "app", b)},
		{"StatementTimedOut", vterr.StatementTimedOut(30*time.Second, 136, false, "app")},
		{"StatementCanceled", vterr.StatementCanceled(time.Second, 136, true, "")},
		{"StatementExpired", vterr.StatementExpired("")},
		{"TransactionEnded", vterr.TransactionEnded(7, ended, vterr.EndedRollback, "app")},
		{"TransactionNotFound", vterr.TransactionNotFound(7, "")},
		{"TransactionInUse", vterr.TransactionInUse(7, vterr.InUseForQuery, "")},
		{"TxEngineRefused", vterr.TxEngineRefused(vterr.TxEngineTransitioning)},
		{"ReadOnlyTablet", vterr.ReadOnlyTablet()},
		{"ServerReadOnly", vterr.ServerReadOnly("--super-read-only", "app", "insert into t values (1)")},
		{"ConnectionLost", vterr.ConnectionLost("app", "select 1")},
		{"MySQLGone", vterr.MySQLGone("Server shutdown in progress (errno 1053) (sqlstate 08S01)", "app")},
		{"RuleRefused", vterr.RuleRefused("no scans", false, "app")},
		{"RuleTimedOut", vterr.RuleTimedOut(10*time.Second, "buffered for cut-over", "app")},
		{"LockWaitTimeout", vterr.LockWaitTimeout("")},
		{"HealthStreamOverflow", vterr.HealthStreamOverflow()},
		{"TabletShutDown", vterr.TabletShutDown()},
		{"DialRefused", vterr.DialRefused("[::1]:16102")},
		{"StreamBroken", vterr.StreamBroken()},
		{"WaitPositionTimedOut", vterr.WaitPositionTimedOut("4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677", b)},
	}
}

// Every text that a client can see, with its code and what MySQL makes of it. `texts` prints
// all of a release, `changes` those in which two releases differ.
func TestTexts(t *testing.T) {
	datadriven.RunTest(t, "testdata/texts", func(t *testing.T, d *datadriven.TestData) string {
		line := func(s sample) string {
			num, state, text := vterr.SQLError(s.err)
			return fmt.Sprintf("%s: %s %d %s %q\n", s.name, vterr.CodeOf(s.err), num, state, text)
		}
		var out strings.Builder
		switch d.Cmd {
		case "texts":
			var name string
			d.ScanArgs(t, "release", &name)
			for _, s := range samples(profile(t, name)) {
				out.WriteString(line(s))
			}
		case "changes":
			var from, to string
			d.ScanArgs(t, "from", &from)
			d.ScanArgs(t, "to", &to)
			after := samples(profile(t, to))
			for i, s := range samples(profile(t, from)) {
				if line(s) != line(after[i]) {
					out.WriteString("- " + line(s) + "+ " + line(after[i]))
				}
			}
		default:
			d.Fatalf(t, "unknown command %s", d.Cmd)
		}
		return out.String()
	})
}

// A text function that is added must be added to the golden file, too.
func TestEveryTextIsSampled(t *testing.T) {
	var sampled []string
	for _, s := range samples(profile(t, "v24")) {
		sampled = append(sampled, s.name)
	}
	for _, path := range []string{"texts.go", "texts_tablet.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Name.IsExported() && fn.Name.Name != "WaitTimedOut" {
				require.True(t, slices.Contains(sampled, fn.Name.Name), "%s is not in samples", fn.Name.Name)
			}
		}
	}
	require.Equal(t, "Timeout waiting for all keyspaces / shards to have healthy tablets of types [PRIMARY], may be in degraded mode", vterr.WaitTimedOut("[PRIMARY]"))
}
