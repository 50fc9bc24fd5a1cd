package tune

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/vterr"
)

// tuned is the advice for eight statements a second, half of them in transactions.
func tuned(t testing.TB, releaseName string, tx Transactions) *Advice {
	t.Helper()
	l := Load{QPS: 8, Reads: 0.8, Transactions: tx, Gates: 1, Shards: 1, Release: releaseName}
	s, err := l.Scenario(time.Second, scenario.VitessOptions())
	require.NoError(t, err)
	profile, err := release.Lookup(releaseName)
	require.NoError(t, err)
	base, err := s.FlagSet(profile)
	require.NoError(t, err)
	return solved(t, &Problem{
		Scenario: s, Profile: profile, Base: base, Seeds: 4, Verify: 12,
		Candidates: Candidates{Windows: []time.Duration{2 * time.Second, 8 * time.Second, 15 * time.Second}, Sizes: []int{50, 500}},
	})
}

// Transactions that end before the grace period does let no statement fail: the demotion waits
// for them, and what opens one is held. Those that are open for longer are ended by the
// demotion, whatever the flags, and the advice says so; what else fails is not blamed on them.
// Releases before v20 have no such period: they wait, so that the window must be longer.
// spec: G-60, G-61, T-34, T-65b
func TestTransactionsArePlayed(t *testing.T) {
	for _, name := range []string{"v20", "v24"} {
		short := tuned(t, name, Transactions{Share: 0.5, Writes: 2, Length: 50 * time.Millisecond})
		require.Equal(t, Recommended, short.Verdict, name)
		require.Empty(t, short.Remaining)

		long := tuned(t, name, Transactions{Share: 0.5, Writes: 2, Length: 15 * time.Second})
		require.Equal(t, Unavoidable, long.Verdict, name)
		require.GreaterOrEqual(t, long.Setting.Window, 8*time.Second, "the demotion takes the whole grace period")
		require.Equal(t, inTransaction, long.Remaining[0].Why)
		require.True(t, long.Remaining[0].Elsewhere)
		for _, s := range long.Below {
			require.NotEqual(t, inTransaction, s.Causes[0].Why, "the window is too short for what can be held: %+v", s)
		}
	}
	waited := tuned(t, "v19", Transactions{Share: 0.5, Writes: 2, Length: 15 * time.Second})
	require.Equal(t, Recommended, waited.Verdict)
	require.Equal(t, 15*time.Second, waited.Setting.Window)
	require.Greater(t, waited.Played.OutageMax, 8*time.Second)
}

// The statement that opens a transaction at its tablet is held as others are, so that flags
// decide about it, though its error names a transaction; later ones are not. spec: G-62, G-64
func TestCauseInTransaction(t *testing.T) {
	failed := func(kind string, verb query.Verb, num int, text string) workload.Record {
		return workload.Record{Kind: kind, Verb: verb, First: &vterr.MySQLError{Num: num, State: "HY000", Text: text}}
	}
	const wrapped = "VT15001: transaction error, issue ROLLBACK and retry the transaction: target: commerce.0.primary: "
	begin := workload.Record{Verb: query.VerbBegin}
	ok := workload.Record{Kind: workload.KindTransactionWrite, Verb: query.VerbInsert}
	for want, records := range map[string][]workload.Record{
		"the tablet shut down and the gate did not hold the request false": {begin, failed("tw", query.VerbInsert, 1105, wrapped+vterr.TextShuttingDown)},
		inTransaction + " true":     {begin, ok, failed("tw", query.VerbInsert, 1105, wrapped+vterr.TextShuttingDown)},
		"the buffer was full false": {begin, failed("tw", query.VerbInsert, 1105, vterr.ErrBufferFull.Error())},
		"the client's own time limit ended, or its connection broke true":                         {begin, ok, failed("", query.VerbCommit, 2013, "Lost connection")},
		"the tablet did not serve and the gate did not hold the request, or not any longer false": {failed("", query.VerbInsert, 1105, vterr.TextNotServing)},
	} {
		got := causes(&runner.Result{Journal: &workload.Journal{Records: records}})
		require.Len(t, got, 1)
		require.Equal(t, want, fmt.Sprintf("%s %v", got[0].Why, got[0].Elsewhere))
	}
	commit := causes(&runner.Result{Journal: &workload.Journal{Records: []workload.Record{begin, ok, failed("", query.VerbCommit, 1317, "transaction 7: ended at")}}})
	require.Equal(t, inTransaction, commit[0].Why)
}

// Connections that send transactions are enough for the rate, and their pauses keep it.
func TestTransactionRate(t *testing.T) {
	for _, c := range []struct {
		qps, share float64
		tx         Transactions
		clients    int
	}{
		{100, 0.4, Transactions{Writes: 2, Length: 20 * time.Millisecond}, 1}, // 10/s, 30 ms each
		{100, 0.4, Transactions{Writes: 2, Length: 2 * time.Second}, 21},
		{1, 0.1, Transactions{Writes: 8, Length: time.Second}, 1},
	} {
		l := Load{QPS: c.qps, Gates: 1, Shards: 1}
		tx := c.tx
		tx.Share = c.share
		require.Equal(t, c.clients, tx.clients(&l))
		cycle := tx.cycle(&l).Seconds()
		statements := float64(c.clients) / cycle * float64(tx.Writes+2)
		require.InEpsilon(t, c.qps*c.share, statements, 1e-3)
	}
}
