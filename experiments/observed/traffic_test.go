package observed

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/observed/querylog"
)

// statement is a record that starts after some milliseconds and takes some.
func statement(at, took int, verb string, change ...func(*querylog.Record)) querylog.Record {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(at) * time.Millisecond)
	total := time.Duration(took) * time.Millisecond
	r := querylog.Record{Start: start, End: start.Add(total), Total: total, StmtType: verb, TabletType: "PRIMARY", SessionUUID: "a"}
	for _, c := range change {
		c(&r)
	}
	return r
}

// A log says the rate, the mix, transactions by session, how many statements ran at
// once, and how long they took while nothing was wrong.
// spec: W-56
func TestTrafficOfALog(t *testing.T) {
	b := func(r *querylog.Record) { r.SessionUUID = "b" }
	replica := func(r *querylog.Record) { r.TabletType = "REPLICA" }
	failed := func(r *querylog.Record) { r.Error = "primary is not serving" }
	records := []querylog.Record{
		statement(0, 4, "SELECT"),
		statement(1, 4, "INSERT", b), // runs beside the first
		statement(1000, 1, "BEGIN"),
		statement(1002, 2, "INSERT"),
		statement(1003, 2, "INSERT", b), // in no transaction: another session
		statement(1010, 2, "COMMIT"),
		statement(1020, 2, "SELECT", replica),
		statement(5000, 900, "INSERT", b), // waited in the buffer
		statement(5100, 300, "SELECT"),    // slow because of it: no part of the quantiles
		statement(9990, 10, "INSERT", failed),
	}
	// A vtgate writes records when they end.
	records[0], records[1] = records[1], records[0]
	traffic, err := FromLog(records)
	require.NoError(t, err)
	require.Equal(t, 10*time.Second, traffic.Span)
	require.InDelta(t, 1, traffic.QPS, 1e-9)
	require.InDelta(t, 0.9, traffic.Primary, 1e-9)
	require.InDelta(t, 3.0/9, traffic.InTransaction, 1e-9) // BEGIN, INSERT, COMMIT
	require.InDelta(t, 2.0/6, traffic.Reads, 1e-9)         // of the others
	require.Equal(t, Transactions{Count: 1, Statements: 1, Median: 10 * time.Millisecond, P99: 10 * time.Millisecond}, traffic.Transactions)
	require.Equal(t, 2, traffic.Sessions)
	require.Equal(t, 2, traffic.Concurrency)
	require.Equal(t, 1, traffic.Failed)
	require.Equal(t, 1, traffic.Parked)
	require.Equal(t, 2*time.Millisecond, traffic.Median)
	require.Equal(t, 4*time.Millisecond, traffic.P99)

	_, err = FromLog(records[:1])
	require.ErrorContains(t, err, "needs two")
	_, err = FromLog([]querylog.Record{statement(0, 0, "SELECT"), statement(0, 0, "SELECT")})
	require.ErrorContains(t, err, "the same instant")
}

// Transactions are those from BEGIN to COMMIT or ROLLBACK of one session; what the log has
// only an end of is none. spec: W-56
func TestTransactionsOfALog(t *testing.T) {
	b := func(r *querylog.Record) { r.SessionUUID = "b" }
	traffic, err := FromLog([]querylog.Record{
		statement(0, 1, "COMMIT"), // its BEGIN came before the log
		statement(10, 1, "BEGIN"),
		statement(20, 1, "BEGIN", b),
		statement(30, 1, "INSERT"),
		statement(40, 1, "SELECT", b),
		statement(50, 1, "UPDATE"),
		statement(60, 1, "UPDATE"),
		statement(120, 1, "ROLLBACK", b),
		statement(410, 1, "COMMIT"),
		statement(420, 1, "SELECT"),
		statement(430, 1, "BEGIN"), // still open at the end
		statement(440, 1, "INSERT"),
	})
	require.NoError(t, err)
	require.Equal(t, Transactions{Count: 2, Statements: 2, Median: 100 * time.Millisecond, P99: 400 * time.Millisecond}, traffic.Transactions)
	require.InDelta(t, 10.0/12, traffic.InTransaction, 1e-9)
	require.InDelta(t, 1.0/2, traffic.Reads, 1e-9)
}
