package gateslap

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
)

func count(c Config) map[query.Verb]int {
	out := map[query.Verb]int{}
	for verb := range c.Statements() {
		out[verb]++
	}
	return out
}

// spec: W-8
func TestGeneratedLoad(t *testing.T) {
	tests := []struct {
		sqlType SQLType
		queries int
		want    map[query.Verb]int
	}{
		{SQLTypeMixed, 501, map[query.Verb]int{query.VerbInsert: 372, query.VerbSelect: 228}},
		{SQLTypeMixed, 9901, map[query.Verb]int{query.VerbInsert: 99 + 5401, query.VerbSelect: 4500}},
		{SQLTypeMixed, 0, map[query.Verb]int{query.VerbInsert: 99}},
		{SQLTypeRead, 501, map[query.Verb]int{query.VerbInsert: 99, query.VerbSelect: 501}},
		{SQLTypeKey, 501, map[query.Verb]int{query.VerbInsert: 99, query.VerbSelect: 501}},
		{SQLTypeWrite, 501, map[query.Verb]int{query.VerbInsert: 600}},
		{SQLTypeUpdate, 501, map[query.Verb]int{query.VerbInsert: 99, query.VerbUpdate: 501}},
	}
	for _, tt := range tests {
		c := light()
		c.MySQLSlap.SQLType, c.MySQLSlap.QueriesPerProcess = tt.sqlType, tt.queries
		require.Equal(t, tt.want, count(c), "%s %d", tt.sqlType, tt.queries)
	}
}

func TestMixedCycle(t *testing.T) {
	all := slices.Collect(light().Statements())
	const i, s = query.VerbInsert, query.VerbSelect
	require.Equal(t, []query.Verb{i, i, i, s, i, s, i, s, i, s, i, s, i, i, s, i}, all[97:113])
}

func TestUniqueLoadKeepsDistinctStatements(t *testing.T) {
	c := light()
	c.Gateslap.AlwaysUnique = true
	require.Equal(t, map[query.Verb]int{query.VerbInsert: 99 + 6, query.VerbSelect: 1}, count(c))
	all := slices.Collect(c.Statements())
	require.Equal(t, query.VerbSelect, all[len(all)-1])
}

func TestStatementsStopWhenAsked(t *testing.T) {
	for _, unique := range []bool{false, true} {
		for _, stop := range []int{1, 99, 100, 104} {
			c := light()
			c.Gateslap.AlwaysUnique = unique
			seen := 0
			for range c.Statements() {
				if seen++; seen == stop {
					break
				}
			}
			require.Equal(t, stop, seen)
		}
	}
}

// spec: W-12, W-71
func TestParseSQL(t *testing.T) {
	tests := []struct {
		line  string
		verb  query.Verb
		table string
	}{
		{"SELECT * FROM customer WHERE x='from y';", query.VerbSelect, "customer"},
		{"select 1;", query.VerbSelect, ""},
		{"select 'from t' , `from` from `my ks`.`t 1` limit 1;", query.VerbSelect, "my ks.t 1"},
		{"insert into t1(a) values (1);", query.VerbInsert, "t1"},
		{"INSERT IGNORE INTO `into` VALUES (1);", query.VerbInsert, "into"},
		{"insert t2 values (1);", query.VerbInsert, "t2"},
		{"replace into ks.t values(1);", query.VerbReplace, "ks.t"},
		{"update low_priority t set a=1;", query.VerbUpdate, "t"},
		{"delete from t where a='it\\'s';", query.VerbDelete, "t"},
		{"begin;", query.VerbBegin, ""},
		{"START TRANSACTION;", query.VerbBegin, ""},
		{"commit;", query.VerbCommit, ""},
		{"rollback;", query.VerbRollback, ""},
		{"set autocommit=0;", query.VerbSet, ""},
		{"use `commerce@replica`;", query.VerbUse, "commerce@replica"},
		{"/* a note */ select a from t;", query.VerbSelect, "t"},
		{"-- select a from t;", query.VerbOther, ""},
		{"create table t (a int);", query.VerbDDL, ""},
		{"show tables;", query.VerbOther, ""},
		{";", query.VerbOther, ""},
	}
	for _, tt := range tests {
		require.Equal(t, []Line{{Number: 1, Verb: tt.verb, Table: tt.table, Text: tt.line}}, ParseSQL([]byte(tt.line)), tt.line)
	}
	require.Equal(t, []Line{
		{Number: 1, Verb: query.VerbBegin, Text: "begin;"},
		{Number: 2, Skipped: true},
		{Number: 3, Skipped: true},
		{Number: 4, Verb: query.VerbCommit, Text: "commit;"},
	}, ParseSQL([]byte("begin;\r\n\nselect 1\ncommit;\n")))
	require.Empty(t, ParseSQL(nil))
}

func FuzzParseSQL(f *testing.F) {
	f.Add([]byte("select `a from b;\ninsert into 'x;"))
	f.Add([]byte("/*;\n`;\n'\\;"))
	f.Fuzz(func(t *testing.T, src []byte) {
		for i, line := range ParseSQL(src) {
			require.Equal(t, i+1, line.Number)
		}
	})
}
