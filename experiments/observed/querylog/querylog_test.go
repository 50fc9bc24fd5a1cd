package querylog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/observed/querylog"
)

// whole is a record with a value in every column.
func whole() querylog.Record {
	start := time.Date(2026, 3, 1, 10, 20, 30, 123456000, time.UTC)
	return querylog.Record{
		Method: "Execute", RemoteAddr: "10.0.0.7:51234", Username: "app", ImmediateCaller: "userData1", EffectiveCaller: "web",
		Start: start, End: start.Add(1500 * time.Microsecond), Total: 1500 * time.Microsecond, Plan: 20 * time.Microsecond,
		Execute: 1400 * time.Microsecond, StmtType: "INSERT", SQL: "insert into t1(a, b) values (:v1, :v2)",
		BindVars: `{"v1": {"type": "INT64", "value": 5}}`, ShardQueries: 1, RowsAffected: 1,
		Error: "target: commerce.0.primary: primary is not serving", TabletType: "PRIMARY", SessionUUID: "5e3f", CachedPlan: true,
		TablesUsed: []string{"commerce.t1", "commerce.t2"}, ActiveKeyspace: "commerce",
	}
}

func read(t testing.TB, text string) []querylog.Record {
	t.Helper()
	list, err := querylog.ReadAll("q.log", strings.NewReader(text))
	require.NoError(t, err)
	return list
}

// The lines of each release are read: 17 columns up to v12, 22 in v19, one more where
// a fork says why it wrote the record, 25 with mirroring, 26 in v24; old ones wrap the
// tables in quotes once more.
// spec: W-52, W-53, W-54
func TestTextOfAllReleases(t *testing.T) {
	line := querylog.FormatText(whole())
	parts := strings.Split(line, "\t")
	require.Len(t, parts, 22)
	require.Equal(t, `"insert into t1(a, b) values (:v1, :v2)"`, parts[12])
	require.Equal(t, "'userData1'", parts[3])
	require.Equal(t, "2026-03-01 10:20:30.123456", parts[5])
	require.Equal(t, "0.001500", parts[7])
	require.Equal(t, `["commerce.t1","commerce.t2"]`, parts[20])

	require.Empty(t, cmp.Diff([]querylog.Record{whole()}, read(t, line+"\n")))

	wrapped := strings.Clone(line)
	wrapped = strings.Replace(wrapped, parts[20], `"[\"commerce.t1\",\"commerce.t2\"]"`, 1)
	require.Empty(t, cmp.Diff([]querylog.Record{whole()}, read(t, wrapped)))

	v12 := whole()
	v12.TabletType, v12.SessionUUID, v12.CachedPlan, v12.TablesUsed, v12.ActiveKeyspace = "", "", false, nil, ""
	require.Empty(t, cmp.Diff([]querylog.Record{v12}, read(t, strings.Join(parts[:17], "\t"))))

	for _, later := range [][]string{{"error"}, {"0.000100", "0.000200", "diff"}, {"0.000100", "0.000200", "", "slow"}} {
		r := whole()
		r.Later = later
		require.Empty(t, cmp.Diff([]querylog.Record{r}, read(t, querylog.FormatText(r))))
		require.Empty(t, cmp.Diff([]querylog.Record{r}, read(t, querylog.FormatJSON(r))))
	}
}

// The JSON form is what Go quotes, which JSON does not always know.
// spec: W-55
func TestJSONWithGoEscapes(t *testing.T) {
	r := whole()
	r.SQL = "select '\x00\a\v\u00e9\U0001F600\n\t\"\\'"
	line := querylog.FormatJSON(r)
	require.Contains(t, line, `"Method": "Execute", "RemoteAddr": "10.0.0.7:51234", `)
	require.Contains(t, line, `"SQL": "select '\x00\a\vé😀\n\t\"\\'", `)
	require.Contains(t, line, `"TotalTime": 0.001500, `)
	require.Contains(t, line, `"Cached Plan": true, "TablesUsed": ["commerce.t1","commerce.t2"], "ActiveKeyspace": "commerce"}`)
	require.Empty(t, cmp.Diff([]querylog.Record{r, whole()}, read(t, line+"\r\n\n"+querylog.FormatText(whole())+"\n")), "forms may change in a file")
}

// What is written in either form is read back, whatever the texts are.
// spec: I-W6
func TestWrittenIsRead(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("abé'\"\\\x00\a\v\x7f\n\t\r ☃😀{}[],:")), 0, 20, -1)
	bareText := rapid.StringMatching(`[A-Za-z0-9:.]{0,10}`)
	micros := rapid.Int64Range(0, 1e10)
	rapid.Check(t, func(t *rapid.T) {
		r := whole()
		r.Method, r.RemoteAddr, r.StmtType = bareText.Draw(t, "method"), bareText.Draw(t, "addr"), bareText.Draw(t, "type")
		r.SQL, r.Error, r.SessionUUID = text.Draw(t, "sql"), text.Draw(t, "error"), text.Draw(t, "session")
		r.Start = r.Start.Add(time.Duration(micros.Draw(t, "start")) * time.Microsecond)
		r.Total = time.Duration(micros.Draw(t, "total")) * time.Microsecond
		if tables := rapid.SliceOfN(rapid.StringMatching(`[a-z]+\.[a-z_0-9]+`), 0, 3).Draw(t, "tables"); len(tables) > 0 {
			r.TablesUsed = tables
		} else {
			r.TablesUsed = nil
		}
		for _, line := range []string{querylog.FormatText(r), querylog.FormatJSON(r)} {
			got, err := querylog.ReadAll("q.log", strings.NewReader(line+"\n"))
			if err != nil || !cmp.Equal([]querylog.Record{r}, got) {
				t.Fatalf("%s\nread as %v: %s", line, err, cmp.Diff([]querylog.Record{r}, got))
			}
		}
	})
}

// What is no record is named with file, line and column.
func TestMistakes(t *testing.T) {
	good := querylog.FormatText(whole())
	parts := strings.Split(good, "\t")
	with := func(i int, text string) string {
		changed := append([]string{}, parts...)
		changed[i] = text
		return strings.Join(changed, "\t")
	}
	for _, c := range []struct{ text, want string }{
		{"", "q.log: the log is empty; a vtgate writes one with --log_queries_to_file"},
		{"\n\n", "q.log: the log is empty"},
		{"hello", "q.log:1:1: not a record of a vtgate's query log: 1 columns; the query log of a vtgate has 17 to 26, with tabs in between"},
		{good + "\n" + with(7, "fast"), `q.log:2:100: not a record of a vtgate's query log: column TotalTime: "fast" is not a number of seconds`},
		{with(5, "yesterday"), "q.log:1:46: not a record of a vtgate's query log: column Start: "},
		{with(12, "select"), "column SQL: select is not in quotes"},
		{with(20, "[1]"), `column TablesUsed: "[1]" is not a list of tables`},
		{strings.Repeat(good+"\t", 2), "45 columns"},
		{`{"Method": "Execute"`, "q.log:1:20: not a record of a vtgate's query log: "},
		{`{"Method": "Execute"}`, `no member "RemoteAddr"`},
		{`{"Method": "\q"}`, "q.log:1:13: not a record of a vtgate's query log: column ?: a backslash that escapes nothing"},
	} {
		_, err := querylog.ReadAll("q.log", strings.NewReader(c.text))
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(querylog.FormatText(whole()))
	f.Add(querylog.FormatJSON(whole()))
	f.Add("a\tb\tc")
	f.Add(`{"Method": "\x00`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := querylog.ReadAll("q.log", strings.NewReader(text))
		if (err == nil) != (len(list) > 0) {
			t.Fatalf("%d records and the error %v", len(list), err)
		}
	})
}
