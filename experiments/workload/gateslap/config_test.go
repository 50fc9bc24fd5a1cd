package gateslap

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// light is what the example 01 says; the other examples change a few fields.
//
// spec: W-5
func light() Config {
	return Config{
		MySQL: MySQL{
			Host: "127.0.0.1", Port: 15306, User: "root", Password: "''", Database: "commerce",
			Charset: "utf8mb4", Autocommit: "true", ReadTimeout: 40 * time.Second, WriteTimeout: 40 * time.Second,
		},
		Gateslap: Gateslap{
			PooledConns: 2, OneoffConns: 2, PersistConns: 2, SleepBetweenQuery: true,
			SleepMin: 500 * time.Millisecond, SleepMax: time.Second, TmpDir: "/tmp",
		},
		Errors:    ErrorHandling{RetryTime: 400 * time.Millisecond, DropTable: true},
		Pool:      Pool{MaxConnections: 10, MinCached: 3, MaxCached: 5, MaxShared: 5, Blocking: true, MaxUsage: "None", Ping: PingAtFetch},
		MySQLSlap: MySQLSlap{IntCols: 2, CharCols: 3, SQLType: SQLTypeMixed, QueriesPerProcess: 501, UniqueWriteNumber: 300},
	}
}

// spec: W-5, I-W1
func TestBuiltinFilesSayWhatTheExamplesSay(t *testing.T) {
	retries := func(c *Config) { c.Errors.RetryTime, c.Errors.RetryCount = 5*time.Second, 10 }
	differences := map[string]func(*Config){
		"01_light_traffic.ini":                func(*Config) {},
		"02_light_traffic_error_handling.ini": retries,
		"03_short_timeout.ini": func(c *Config) {
			retries(c)
			c.MySQL.ReadTimeout, c.MySQL.WriteTimeout = time.Second, time.Second
			c.Gateslap.SleepBetweenQuery = false
		},
		"04_numerous_heavy_traffic.ini": func(c *Config) {
			retries(c)
			c.Gateslap.PooledConns, c.Gateslap.OneoffConns, c.Gateslap.PersistConns = 5, 5, 5
			c.Gateslap.SleepBetweenQuery = false
			c.MySQLSlap.QueriesPerProcess, c.MySQLSlap.UniqueWriteNumber = 9901, 5000
		},
	}
	require.Len(t, BuiltinNames(), len(differences))
	for name, change := range differences {
		t.Run(name, func(t *testing.T) {
			want := light()
			change(&want)
			got, err := Builtin(name)
			require.NoError(t, err)
			require.Equal(t, want, got)
			short, err := Builtin(strings.TrimSuffix(name, ".ini"))
			require.NoError(t, err)
			require.Equal(t, want, short)
		})
	}
	_, err := Builtin("99_none")
	require.ErrorContains(t, err, `no built-in gateslap configuration "99_none"; there are 01_light_traffic.ini, `)
}

// edit returns the light example with one line replaced.
func edit(t testing.TB, from, to string) []byte {
	t.Helper()
	src, err := BuiltinSource("01_light_traffic")
	require.NoError(t, err)
	require.Contains(t, string(src), "\n"+from+"\n")
	return []byte(strings.Replace(string(src), "\n"+from+"\n", "\n"+to+"\n", 1))
}

// spec: W-3
func TestTruthIsThatOfAPythonString(t *testing.T) {
	for value, want := range map[string]bool{
		"": false, "   ": false, "True": true, "true": true, "False": true, "false": true, "0": true, "None": true, "''": true,
	} {
		c, err := Parse("x.ini", edit(t, "sleep_between_query=True", "sleep_between_query="+value))
		require.NoError(t, err)
		require.Equal(t, want, c.Gateslap.SleepBetweenQuery, "value %q", value)
		c, err = Parse("x.ini", edit(t, "blocking=false", "blocking="+value))
		require.NoError(t, err)
		require.Equal(t, want, c.Pool.Limits().Waits, "value %q", value)
	}
}

func TestRetryCount(t *testing.T) {
	for line, want := range map[string]int{
		"retry_count=": 0, "retry_count": 0, "": 0, "retry_count=x": 0, "retry_count=10.5": 0, "retry_count=0": 0,
		"retry_count=-3": 0, "retry_count=1": 1, "retry_count: 10": 10, "RETRY_COUNT = 1_0": 10, "retry_count=3 # three": 0,
	} {
		c, err := Parse("x.ini", edit(t, "retry_count=", line))
		require.NoError(t, err, line)
		require.Equal(t, want, c.Errors.RetryCount, "line %q", line)
	}
}

func TestUnknownKeysAreListed(t *testing.T) {
	c, err := Parse("x.ini", edit(t, "int_cols=2", "int_cols=2\nengine=innodb"))
	require.NoError(t, err)
	require.Equal(t, []Unknown{{Section: "mysqlslap", Key: "engine", Line: 52}}, c.Unknown)
}

// spec: W-4, I-W1
func TestMistakesNameTheKey(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{"ping=1", "ping=8", `x.ini:48:1: [pool] ping: 8 is out of range; write a number from 0 to 7`},
		{"port=15306", "port=one", `x.ini:12:1: [mysql] port: "one" is not a whole number: the key takes a number and comments may only stand on lines of their own; write a number from 1 to 65535`},
		{"read_timeout=40", "read_timeout=40 # s", `x.ini:16:1: [mysql] read_timeout: "40 # s" is not a whole number: the key takes a number and comments may only stand on lines of their own; write a number from 0 to 31536000`},
		{"sql_type=mixed", "sql_type=mix", `x.ini:53:1: [mysqlslap] sql_type: "mix" is not a load type: mysqlslap knows mixed, update, write, key and read; write one of these`},
		{"user=root", "", "x.ini:7:1: [mysql] user: the key is missing: gateslap stops without it; add `user=` to the section [mysql]"},
		{"tmp_dir=/tmp", "tmp_dir=100%", "x.ini:28:1: [gateslap] tmp_dir: lone % in \"100%\": `%` begins a reference to another key; write `%%` for a percent sign"},
		{"sleep_min=500", "sleep_min=5000", `x.ini:26:1: [gateslap] sleep_min: 5s is more than sleep_max, 1s: the pause is drawn between the two; swap them`},
		{"host=127.0.0.1", "host=a\nHost: b", `x.ini:9:1: [mysql] host: the key appears twice in its section: it was set in line 8 already; remove one of the two lines`},
		{"[pool]", "[errors]", `x.ini:38:1: [errors]: the section appears twice: it began in line 31 already; merge the two blocks`},
		{"[mysql]", "", `x.ini:8:1: "host=127.0.0.1" stands before any section: every key belongs to a section; begin the file with a header such as [mysql]`},
		{"user=root", "=root", "x.ini:9:1: [mysql]: \"=root\" has no key: a line is `key=value`, `key: value` or a bare key; write the key in front of the delimiter"},
	}
	for _, tt := range tests {
		t.Run(tt.to, func(t *testing.T) {
			_, err := Parse("x.ini", edit(t, tt.from, tt.to))
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestAllMistakesAreReportedTogether(t *testing.T) {
	_, err := Parse("x.ini", []byte("[mysql]\nport=x\n[pool]\nping=y\n"))
	all := Errors(err)
	require.Len(t, all, 31, "every required key but retry_count, which may be missing")
	for i, e := range all {
		require.NotEmpty(t, e.Key)
		require.NotEmpty(t, e.Section)
		require.Positive(t, e.Line)
		require.True(t, i == 0 || all[i-1].Line <= e.Line)
	}
}

// spec: W-22, W-23
func TestPoolLimits(t *testing.T) {
	require.Equal(t, PoolLimits{Connections: 10, IdleAtStart: 3, IdleMax: 5, Uses: 5, Waits: true}, light().Pool.Limits())
	require.Equal(t, 7, Pool{MaxConnections: 2, MaxCached: 3, MaxShared: 7}.Limits().Connections)
	require.Equal(t, 4, Pool{MinCached: 4, MaxCached: 2}.Limits().IdleMax)
}

// spec: W-6, W-11
func TestWorkers(t *testing.T) {
	c := light()
	c.Gateslap.OneoffConns = 1
	c.Gateslap.PersistConns = 0
	c.Custom.PersistSQL = []string{"./sql files/a-b.sql", "c"}
	require.Equal(t, []Worker{
		{Kind: KindPooled, Name: "pooled1"},
		{Kind: KindPooled, Name: "pooled2"},
		{Kind: KindOneoff, Name: "oneoff1"},
		{Kind: KindPersist, Name: "persist1_a-b", File: "./sql files/a-b.sql"},
		{Kind: KindPersist, Name: "persist2_c", File: "c"},
	}, c.Workers())
}

func TestCustomFiles(t *testing.T) {
	c, err := Parse("x.ini", append(edit(t, "ping=1", "ping=7"), "persist_sql= a.sql, ,b.sql,\n  a.sql\nload_sql=l.sql\n"...))
	require.NoError(t, err)
	require.Equal(t, Custom{LoadSQL: "l.sql", PersistSQL: []string{"a.sql", "b.sql", "a.sql"}}, c.Custom)
	require.True(t, c.Pool.Ping.Has(PingAtCursor) && c.Pool.Ping.Has(PingAtExecute))
}
