package workload_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/workload/gateslap"
	"bufsim/model/query"
	"bufsim/sim"
)

// Connection 1 is always the control connection, which stays to the end.
//
// spec: W-20, W-21, W-22, W-23
func TestConnectionLife(t *testing.T) {
	tests := []struct {
		kind gateslap.Kind
		want string
	}{
		{gateslap.KindOneoff, "1 connect, 2 connect, 2 INSERT, 2 closed, 3 connect, 3 INSERT, 3 closed, 4 connect, 4 INSERT, 4 closed, 1 closed"},
		{gateslap.KindPersist, "1 connect, 2 connect, 2 INSERT, 2 INSERT, 2 INSERT, 2 closed, 1 closed"},
		{gateslap.KindPooled, "1 connect, 2 connect, 2 INSERT, 2 INSERT, 2 INSERT, 1 closed, 2 closed"},
	}
	for _, tt := range tests {
		var s stage
		s.gateslap(t, 1, config(t, tt.kind), lines(3))
		got := strings.Join(s.gate.log, ", ")
		// A close travels behind the next connect, which is another connection.
		require.ElementsMatch(t, strings.Split(tt.want, ", "), s.gate.log, got)
		require.Equal(t, without(tt.want, "closed"), without(got, "closed"), string(tt.kind))
		require.Empty(t, s.transcript())
	}
}

func without(log, what string) []string {
	return slices.DeleteFunc(strings.Split(log, ", "), func(x string) bool { return strings.HasSuffix(x, what) })
}

// A visible failure is one execution of a one-off worker and three of the others:
// two on their connection and one on a fresh one; a retry is one execution on a
// connection of its own.
//
// spec: W-27, W-29, I-W3
func TestExecutionsOfAVisibleFailure(t *testing.T) {
	tests := []struct {
		kind       gateslap.Kind
		retries    int
		executions int
		want       string
	}{
		{gateslap.KindOneoff, 0, 1, "1 connect, 2 connect, 2 INSERT"},
		{gateslap.KindPersist, 0, 3, "1 connect, 2 connect, 2 INSERT, 2 INSERT, 3 connect, 3 INSERT"},
		{gateslap.KindPooled, 0, 3, "1 connect, 2 connect, 2 INSERT, 2 INSERT, 3 connect, 3 INSERT"},
		{gateslap.KindOneoff, 2, 3, "1 connect, 2 connect, 2 INSERT, 3 connect, 3 INSERT, 4 connect, 4 INSERT"},
		{gateslap.KindPersist, 2, 5, "1 connect, 2 connect, 2 INSERT, 2 INSERT, 3 connect, 3 INSERT, 4 connect, 4 INSERT, 5 connect, 5 INSERT"},
	}
	for _, tt := range tests {
		var s stage
		s.gate.answer = func(*sim.Env, question) error { return mysqlError(1105) }
		cfg := config(t, tt.kind)
		cfg.Errors.RetryCount = tt.retries
		s.gateslap(t, 1, cfg, lines(3))
		require.Equal(t, strings.Split(tt.want, ", "), without(strings.Join(s.gate.log, ", "), "closed"), string(tt.kind))
		require.Len(t, s.journal.Records, 1, "the worker ends")
		r := s.journal.Records[0]
		require.Equal(t, tt.executions, r.Executions)
		require.True(t, r.Failed)
		require.Equal(t, time.Duration(tt.retries)*400*time.Millisecond, r.Waited)
		require.Zero(t, r.Latency())
		require.Equal(t, tt.executions, s.journal.FailedExecutions)
		tally := s.journal.Tally()
		require.Equal(t, []int{1, 2}, []int{tally.ClientsEnded, tally.NotSent})
	}
}

// Nobody sees an error if a hidden try succeeds; after the third, the fresh
// connection stays.
//
// spec: W-27
func TestHiddenTriesHeal(t *testing.T) {
	for want, fail := range map[string][]int{
		"1 connect, 2 connect, 2 INSERT, 2 INSERT, 2 INSERT":                      {1},
		"1 connect, 2 connect, 2 INSERT, 2 INSERT, 3 connect, 3 INSERT, 3 INSERT": {1, 2},
	} {
		for _, kind := range []gateslap.Kind{gateslap.KindPersist, gateslap.KindPooled} {
			var s stage
			s.gate.answer = failing(1105, fail...)
			s.gateslap(t, 1, config(t, kind), lines(2))
			require.Equal(t, strings.Split(want, ", "), without(strings.Join(s.gate.log, ", "), "closed"))
			require.Zero(t, s.journal.Tally().Errors)
			require.Equal(t, len(fail), s.journal.FailedExecutions)
		}
	}
}

// An error of another class on the third try is the one that is reported.
//
// spec: W-26, W-27
func TestThirdTryWithAnotherClass(t *testing.T) {
	var s stage
	s.gate.answer = func(_ *sim.Env, q question) error {
		return mysqlError([]int{1105, 1105, 1062}[q.n-1])
	}
	cfg := config(t, gateslap.KindPersist)
	cfg.Errors.RetryCount = 5
	s.gateslap(t, 1, cfg, lines(2))
	require.Equal(t, 1062, s.journal.Records[0].First.Num)
	require.Equal(t, []string{`pymysql.err.IntegrityError: (1062, "error 1062")`}, s.transcript())
}

// Only OperationalError is handled: other classes end the worker without hidden
// tries and retries, and a table that exists already is no reason to retry or end.
//
// spec: W-26, W-28
func TestErrorClasses(t *testing.T) {
	tests := []struct {
		num   int
		fail  []int // numbers of the failing statements
		asked int   // statements at the gate, for two lines
		ended int
		first string // line of the transcript
	}{
		{1105, []int{1, 2, 3}, 3 + 1 + 1, 0, ""},
		{1317, []int{1, 2, 3}, 3 + 1 + 1, 0, ""},
		// The second try finds the connection closed, and so does the second line:
		// the retry does not repair the worker's own connection.
		{2013, []int{1, 2}, 2 + 1, 1, ""},
		{1050, []int{1, 2, 3}, 3 + 1, 0, ""},
		{1064, []int{1}, 1, 1, `pymysql.err.ProgrammingError: (1064, "error 1064")`},
		{1146, []int{1}, 1, 1, `pymysql.err.ProgrammingError: (1146, "error 1146")`},
		{1062, []int{1}, 1, 1, `pymysql.err.IntegrityError: (1062, "error 1062")`},
	}
	for _, tt := range tests {
		var s stage
		s.gate.answer = failing(tt.num, tt.fail...)
		cfg := config(t, gateslap.KindPersist)
		cfg.Errors.RetryCount = 1
		s.gateslap(t, 1, cfg, lines(2))
		require.Len(t, s.gate.asked, tt.asked, "%d", tt.num)
		require.Equal(t, tt.asked, s.journal.Executions, "%d", tt.num)
		require.Equal(t, tt.ended, s.journal.Tally().ClientsEnded, "%d", tt.num)
		require.Equal(t, tt.first, s.transcript()[0], "%d", tt.num)
	}
}

// The words of the terminal.
//
// spec: W-28, W-29, W-72
func TestTranscript(t *testing.T) {
	printed := []string{"", "Error Number: 1105", "Error Message: error 1105", "SQL Statment: insert into t1 values (1);"}
	attempt := func(i string) string {
		return "Retry attempt " + i + " out of 3 sleeping for 400ms and trying again."
	}
	for _, tt := range []struct {
		name    string
		fail    []int
		retries int
		want    []string
		ended   int
	}{
		{"no error handling", []int{1}, 0, nil, 1},
		{"the second try succeeds", []int{1, 2}, 3, []string{attempt("1"), attempt("2")}, 0},
		{"no try succeeds", []int{1, 2, 3, 4}, 3, []string{
			attempt("1"), attempt("2"), attempt("3"), "Unable to resolve error, shutting down. error 1105",
		}, 1},
	} {
		var s stage
		s.gate.answer = failing(1105, tt.fail...)
		cfg := config(t, gateslap.KindOneoff)
		cfg.Errors.RetryCount = tt.retries
		s.gateslap(t, 1, cfg, lines(2))
		require.Equal(t, append(slices.Clone(printed), tt.want...), s.transcript(), tt.name)
		require.Equal(t, tt.ended, s.journal.Tally().ClientsEnded, tt.name)
		require.Equal(t, 1, s.journal.Tally().Errors, "a statement that a retry saved was an error all the same")
		require.Equal(t, tt.ended, s.journal.Tally().Lost, tt.name)
	}
}

// A failed connect ends a one-off worker; a retry counts it as a failed try; a
// hidden try swallows it.
//
// spec: W-20, W-27, W-29
func TestFailedConnects(t *testing.T) {
	var s stage
	s.gate.connectErr = func(n int64) error { return map[bool]error{true: mysqlError(1040)}[n == 2] }
	cfg := config(t, gateslap.KindOneoff)
	cfg.Errors.RetryCount = 3
	s.gateslap(t, 1, cfg, lines(2))
	require.Equal(t, []string{`pymysql.err.OperationalError: (1040, "error 1040")`}, s.transcript())
	require.Zero(t, s.journal.Executions)
	require.Equal(t, 1, s.journal.Tally().ClientsEnded)

	s = stage{}
	s.gate.connectErr = func(n int64) error { return map[bool]error{true: mysqlError(1040)}[n == 3 || n == 4] }
	s.gate.answer = failing(1105, 1, 2)
	cfg = config(t, gateslap.KindPersist)
	cfg.Errors.RetryCount = 3
	s.gateslap(t, 1, cfg, lines(1))
	require.Equal(t, 1105, s.journal.Records[0].First.Num, "the first error, not the swallowed one")
	require.False(t, s.journal.Records[0].Failed)
	require.Equal(t, 3, s.journal.Executions, "two at first and one of the second retry")
	require.Equal(t, 800*time.Millisecond, s.journal.Records[0].Waited)
}

// The read time-out guards one-off and retry connections only.
//
// spec: W-25
func TestReadTimeouts(t *testing.T) {
	slow := func(env *sim.Env, _ question) error { env.Sleep(3 * time.Second); return nil }
	for _, tt := range []struct {
		kind   gateslap.Kind
		failed bool
		took   time.Duration
	}{{gateslap.KindOneoff, true, time.Second}, {gateslap.KindPersist, false, 3 * time.Second}, {gateslap.KindPooled, false, 3 * time.Second}} {
		var s stage
		s.gate.answer = slow
		cfg := config(t, tt.kind)
		cfg.MySQL.ReadTimeout = time.Second
		s.gateslap(t, 1, cfg, lines(1))
		r := s.journal.Records[0]
		require.Equal(t, tt.failed, r.Failed, string(tt.kind))
		require.Equal(t, tt.took, r.Latency(), string(tt.kind))
		if tt.failed {
			require.Equal(t, "Lost connection to MySQL server during query (timed out) (errno 2013) (sqlstate HY000)", r.First.Error())
		}
	}
	var s stage // the retry of a persistent worker is guarded
	s.gate.answer = func(env *sim.Env, q question) error {
		if q.n <= 3 {
			return mysqlError(1105)
		}
		return slow(env, q)
	}
	cfg := config(t, gateslap.KindPersist)
	cfg.MySQL.ReadTimeout, cfg.Errors.RetryCount = time.Second, 1
	s.gateslap(t, 1, cfg, lines(1))
	require.Equal(t, time.Second, s.journal.Records[0].Latency())
	require.Equal(t, 400*time.Millisecond, s.journal.Records[0].Waited)
	require.Equal(t, 1, s.journal.Tally().Lost)
}

// The pool: its limit makes borrowers wait, or refuses them; a connection is
// replaced after maxshared statements; pings go out when it is taken.
//
// spec: W-22, W-23, W-24
func TestPool(t *testing.T) {
	pooled := gateslap.KindPooled
	for _, blocking := range []bool{true, false} {
		var s stage
		s.gate.answer = func(env *sim.Env, _ question) error { env.Sleep(time.Second); return nil }
		cfg := config(t, pooled, pooled, pooled)
		cfg.Pool.MaxConnections, cfg.Pool.MaxCached, cfg.Pool.MaxShared, cfg.Pool.Blocking = 2, 2, 2, blocking
		s.gateslap(t, 1, cfg, lines(2))
		require.Equal(t, 2, s.gate.busyMost)
		if blocking {
			require.Len(t, s.gate.asked, 6)
			continue
		}
		require.Equal(t, []string{"TooManyConnections"}, s.transcript())
		require.Equal(t, 1, s.journal.Tally().ClientsEnded)
	}

	var s stage
	cfg := config(t, pooled)
	cfg.Pool.MaxShared, cfg.Pool.Ping = 2, gateslap.PingAtFetch
	s.gateslap(t, 1, cfg, lines(3))
	require.Equal(t, strings.Split("1 connect, 2 connect, 2 INSERT, 2 ping, 2 INSERT, 2 ping, 3 connect, 3 INSERT", ", "), without(strings.Join(s.gate.log, ", "), "closed"))

	s = stage{} // a connection that does not answer the ping is replaced without a word
	s.gate.pingErr = mysqlError(1105)
	cfg.Pool.MaxShared = 0
	s.gateslap(t, 1, cfg, lines(2))
	require.Equal(t, strings.Split("1 connect, 2 connect, 2 INSERT, 2 ping, 3 connect, 3 INSERT", ", "), without(strings.Join(s.gate.log, ", "), "closed"))

	s = stage{} // mincached at the start, first in first out
	cfg.Pool.MinCached = 3
	s.gateslap(t, 1, cfg, lines(4))
	require.Equal(t, strings.Split("1 connect, 2 connect, 3 connect, 4 connect, 1 ping, 1 INSERT, 2 ping, 2 INSERT, 3 ping, 3 INSERT, 1 ping, 1 INSERT", ", "), without(strings.Join(s.gate.log, ", "), "closed"))
}

// A gate that was restarted: the old connection is gone for good. A persistent
// worker's next statement fails once unseen and goes to a fresh connection.
//
// spec: W-21, W-25, W-26
func TestRestartedGate(t *testing.T) {
	var s stage
	s.gate.answer = func(_ *sim.Env, q question) error {
		if q.n == 1 {
			s.env.AfterFunc(100*time.Millisecond, "restart", func() { s.host.Crash(); s.host.Restart() })
		}
		return nil
	}
	cfg := config(t, gateslap.KindPersist)
	cfg.Gateslap.SleepBetweenQuery = true
	s.gateslap(t, 1, cfg, lines(2))
	require.Empty(t, s.transcript())
	require.Equal(t, 2, s.journal.Executions, "the lost try never reached the gate")
	require.NotEqual(t, s.gate.asked[0].conn, s.gate.asked[1].conn)
}

// A pause follows every line, skipped ones too, if the text of the setting is not
// empty; every line is counted once.
//
// spec: W-3, W-12, I-W2
func TestPauses(t *testing.T) {
	sql := "insert into t1 values (1);\nno statement\n\ninsert into t1 values (2);\n"
	for _, kind := range allKinds {
		for seed := uint64(1); seed <= 20; seed++ {
			var s stage
			cfg := config(t, kind)
			cfg.Gateslap.SleepBetweenQuery = true
			s.gateslap(t, seed, cfg, sql)
			gap := s.gate.times[1].Sub(s.gate.times[0])
			require.True(t, 1500*time.Millisecond <= gap && gap <= 3*time.Second, gap)
			require.Zero(t, gap%time.Millisecond)
			c := s.journal.Clients[0]
			require.Equal(t, []int{4, 2, 2, 0}, []int{c.Lines, c.Executed, c.Skipped, c.NotReached()})
		}
		var s stage
		s.gateslap(t, 1, config(t, kind), sql)
		require.Equal(t, s.gate.times[0], s.gate.times[1])
	}
}

// The interrupt ends workers before their next line; nothing is lost.
//
// spec: W-14, I-W2
func TestInterrupt(t *testing.T) {
	s := stage{until: 10 * time.Second}
	cfg := config(t, allKinds...)
	cfg.Gateslap.SleepBetweenQuery = true
	s.gateslap(t, 1, cfg, lines(100))
	for _, c := range s.journal.Clients {
		require.False(t, c.GaveUp)
		require.Equal(t, 100, c.Executed+c.NotReached())
		require.True(t, 10 < c.Executed && c.Executed < 25, c.Executed)
		require.InDelta(t, 10.5, c.End.Duration().Seconds(), 0.51)
	}
	require.Zero(t, s.journal.Tally().NotSent, "only errors count")
	require.Zero(t, s.journal.Tally().Unfinished)
}

// Equal seeds give equal transcripts, other seeds others.
//
// spec: I-W5, W-70
func TestTranscriptOfASeed(t *testing.T) {
	play := func(seed uint64) string {
		var s stage
		s.gate.answer = func(env *sim.Env, q question) error {
			if env.Now() > sim.Time(3*time.Second) {
				return mysqlError(1105)
			}
			return nil
		}
		cfg := config(t, allKinds...)
		cfg.Gateslap.SleepBetweenQuery, cfg.Errors.RetryCount = true, 2
		s.gateslap(t, seed, cfg, lines(10))
		var b strings.Builder
		require.NoError(t, s.journal.WriteTranscript(&b))
		return b.String()
	}
	require.Equal(t, play(1), play(1))
	require.NotEqual(t, play(1), play(2))
	require.Contains(t, play(1), " oneoff1_statements: Error Number: 1105\n")
}

// A handshake that shows autocommit makes the library switch it off on every
// connection; nobody ever commits. That statement is no use of the connection.
//
// spec: W-30, W-31, W-32
func TestHandshakeAutocommit(t *testing.T) {
	var s stage
	s.gate.autocommit = true
	cfg := config(t, gateslap.KindPooled, gateslap.KindOneoff)
	cfg.Pool.MaxShared = 2
	s.gateslap(t, 1, cfg, lines(2))
	fresh := map[int64]bool{}
	for _, q := range s.gate.asked {
		require.NotEqual(t, query.VerbCommit, q.stmt.Verb)
		require.Equal(t, fresh[q.conn], q.stmt.Verb != query.VerbSet, "SET comes first, once")
		fresh[q.conn] = true
		if q.stmt.Verb == query.VerbSet {
			require.Equal(t, "SET AUTOCOMMIT = 0", q.stmt.Text())
		}
	}
	require.Len(t, fresh, 4, "control, one pooled, two one-off")
}

// The process: DDL on the control connection, the load file before the workers,
// the table dropped at the end. spec: W-6, W-7
func TestProcess(t *testing.T) {
	var s stage
	s.gate.answer = failing(1050, 1)
	cfg := config(t, gateslap.KindOneoff)
	cfg.Gateslap.PersistConns, cfg.MySQLSlap.QueriesPerProcess = 1, 0
	cfg.Custom.LoadSQL, cfg.Custom.CreateTableSQL = file, file
	cfg.Errors.DropTable = true
	s.gateslap(t, 1, cfg, "insert into t2 values (1);\n")
	var texts []string
	for _, q := range s.gate.asked[:5] {
		texts = append(texts, q.stmt.Text())
	}
	require.Equal(t, []string{
		"CREATE TABLE t1", "drop table t1;", "CREATE TABLE t1", // 1050 and drop_table
		"insert into t2 values (1);", // the file with more tables
		"insert into t2 values (1);", // load_sql
	}, texts)
	last := s.gate.asked[len(s.gate.asked)-1]
	require.Equal(t, "drop table t1;", last.stmt.Text())
	require.EqualValues(t, 1, last.conn)
	require.Len(t, s.journal.Records, 99+1+1)

	s = stage{} // an unusable gate is the end of the process
	s.gate.connectErr = func(int64) error { return mysqlError(1049) }
	s.gateslap(t, 1, cfg, lines(1))
	require.Equal(t, []string{"error 1049"}, s.transcript())
	require.Equal(t, 2, s.journal.Tally().ClientsEnded)
}
