package query_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/model/topodata"
)

// spec: G-24, G-28
func TestTarget(t *testing.T) {
	for _, c := range []struct {
		target      query.Target
		text, lower string
	}{
		{query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary}, `keyspace:"commerce" shard:"0" tablet_type:PRIMARY`, "commerce.0.primary"},
		{query.Target{Keyspace: "ks", Shard: "-80", TabletType: topodata.RDOnly, Cell: "zone1"}, `keyspace:"ks" shard:"-80" tablet_type:RDONLY cell:"zone1"`, "ks.-80.rdonly"},
		{query.Target{Keyspace: "ks"}, `keyspace:"ks"`, "ks..unknown"},
		{query.Target{}, "", "..unknown"},
	} {
		require.Equal(t, c.text, c.target.String())
		require.Equal(t, c.lower, c.target.Lower())
	}
}

// spec: W-71
func TestParseVerb(t *testing.T) {
	for _, c := range []struct {
		sql   string
		verb  query.Verb
		table string
	}{
		{"SELECT * FROM `product` WHERE id=1", query.VerbSelect, "product"},
		{"select count(*) from commerce.product", query.VerbSelect, "commerce.product"},
		{"select 'from x', \"from y\", 1 from z", query.VerbSelect, "z"},
		{"select 1", query.VerbSelect, ""},
		{"select sleep(10)", query.VerbSleep, ""},
		{"INSERT INTO customer(email) VALUES ('a')", query.VerbInsert, "customer"},
		{"insert ignore into t values (1)", query.VerbInsert, "t"},
		{"insert t set a = 1", query.VerbInsert, "t"},
		{"replace into t values (1)", query.VerbReplace, "t"},
		{"update t set a = 1", query.VerbUpdate, "t"},
		{"update ignore t set a = 1", query.VerbUpdate, "t"},
		{"delete from t where a = 1", query.VerbDelete, "t"},
		{"begin", query.VerbBegin, ""},
		{"START TRANSACTION", query.VerbBegin, ""},
		{"commit;", query.VerbCommit, ""},
		{"ROLLBACK", query.VerbRollback, ""},
		{"set autocommit = 0", query.VerbSet, ""},
		{"use `commerce@replica`", query.VerbUse, "commerce@replica"},
		{"create table if not exists t (a int)", query.VerbDDL, "t"},
		{"drop table t", query.VerbDDL, "t"},
		{"truncate t", query.VerbDDL, "t"},
		{"/* insert into x */ select * from t -- from u\n", query.VerbSelect, "t"},
		{"# comment\nupdate t set a = 1", query.VerbUpdate, "t"},
		{"show tables", query.VerbOther, ""},
		{"", query.VerbOther, ""},
		{"select `unclosed", query.VerbSelect, ""},
	} {
		verb, table := query.ParseVerb(c.sql)
		require.Equal(t, c.verb, verb, "%s: got %s", c.sql, verb)
		require.Equal(t, c.table, table, c.sql)
	}
}

func FuzzParseVerb(f *testing.F) {
	for _, seed := range []string{"select 'a", "/*", "update `t", "insert into", "-- ", "use"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		verb, _ := query.ParseVerb(sql)
		require.NotContains(t, verb.String(), "Verb(")
	})
}

// A text that a statement makes of itself says what the statement does.
func TestTextParsesBack(t *testing.T) {
	for v := query.VerbSelect; v <= query.VerbSleep; v++ {
		s := query.Statement{Verb: v, Table: "t", Key: 3, Value: 4, Cost: 1500 * time.Millisecond}
		verb, _ := query.ParseVerb(s.Text())
		require.Equal(t, v, verb, s.Text())
	}
	require.Equal(t, "select sleep(1.5)", query.Statement{Verb: query.VerbSleep, Cost: 1500 * time.Millisecond}.Text())
	require.Equal(t, "select sleep(10)", query.Statement{Verb: query.VerbSleep, Cost: 10 * time.Second}.Text())
	require.Equal(t, "select sleep(0)", query.Statement{Verb: query.VerbSleep}.Text())
	require.Equal(t, "as given", query.Statement{Verb: query.VerbSelect, SQL: "as given"}.Text())
}

func TestVerbPredicates(t *testing.T) {
	for v := query.VerbOther; v <= query.VerbDDL; v++ {
		require.False(t, v.IsWrite() && v.IsRead(), v.String())
	}
	require.True(t, query.VerbReplace.IsWrite())
	require.True(t, query.VerbSleep.IsRead())
	require.False(t, query.VerbSet.IsRead() || query.VerbSet.IsWrite())
}

// A statement made from a text does what the text says.
func TestParse(t *testing.T) {
	for sql, cost := range map[string]time.Duration{
		"select sleep(10)": 10 * time.Second, "SELECT SLEEP( 1.5 )": 1500 * time.Millisecond, "select sleep(x)": 0, "select 10": 0,
	} {
		require.Equal(t, cost, query.Parse(sql).Cost, sql)
	}
	require.Equal(t, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1, Value: 1, SQL: "select a from t"}, query.Parse("select a from t"))
}
