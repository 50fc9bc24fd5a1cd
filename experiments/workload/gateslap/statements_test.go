package gateslap

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func count(c Config) map[Verb]int {
	out := map[Verb]int{}
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
		want    map[Verb]int
	}{
		{SQLTypeMixed, 501, map[Verb]int{VerbInsert: 372, VerbSelect: 228}},
		{SQLTypeMixed, 9901, map[Verb]int{VerbInsert: 99 + 5401, VerbSelect: 4500}},
		{SQLTypeMixed, 0, map[Verb]int{VerbInsert: 99}},
		{SQLTypeRead, 501, map[Verb]int{VerbInsert: 99, VerbSelect: 501}},
		{SQLTypeKey, 501, map[Verb]int{VerbInsert: 99, VerbSelect: 501}},
		{SQLTypeWrite, 501, map[Verb]int{VerbInsert: 600}},
		{SQLTypeUpdate, 501, map[Verb]int{VerbInsert: 99, VerbUpdate: 501}},
	}
	for _, tt := range tests {
		c := light()
		c.MySQLSlap.SQLType, c.MySQLSlap.QueriesPerProcess = tt.sqlType, tt.queries
		require.Equal(t, tt.want, count(c), "%s %d", tt.sqlType, tt.queries)
	}
}

func TestMixedCycle(t *testing.T) {
	all := slices.Collect(light().Statements())
	const i, s = VerbInsert, VerbSelect
	require.Equal(t, []Verb{i, i, i, s, i, s, i, s, i, s, i, s, i, i, s, i}, all[97:113])
}

func TestUniqueLoadKeepsDistinctStatements(t *testing.T) {
	c := light()
	c.Gateslap.AlwaysUnique = true
	require.Equal(t, map[Verb]int{VerbInsert: 99 + 6, VerbSelect: 1}, count(c))
	all := slices.Collect(c.Statements())
	require.Equal(t, VerbSelect, all[len(all)-1])
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
		verb  Verb
		table string
	}{
		{"SELECT * FROM customer WHERE x='from y';", VerbSelect, "customer"},
		{"select 1;", VerbSelect, ""},
		{"select 'from t' , `from` from `my ks`.`t 1` limit 1;", VerbSelect, "my ks.t 1"},
		{"insert into t1(a) values (1);", VerbInsert, "t1"},
		{"INSERT IGNORE INTO `into` VALUES (1);", VerbInsert, "into"},
		{"insert t2 values (1);", VerbInsert, "t2"},
		{"replace into ks.t values(1);", VerbReplace, "ks.t"},
		{"update low_priority t set a=1;", VerbUpdate, "t"},
		{"delete from t where a='it\\'s';", VerbDelete, "t"},
		{"begin;", VerbBegin, ""},
		{"START TRANSACTION;", VerbBegin, ""},
		{"commit;", VerbCommit, ""},
		{"rollback;", VerbRollback, ""},
		{"set autocommit=0;", VerbSet, ""},
		{"use commerce;", VerbUse, ""},
		{"/* a note */ select a from t;", VerbSelect, "t"},
		{"-- select a from t;", VerbOther, ""},
		{"create table t (a int);", VerbOther, ""},
		{";", VerbOther, ""},
	}
	for _, tt := range tests {
		require.Equal(t, []Line{{Number: 1, Verb: tt.verb, Table: tt.table}}, ParseSQL([]byte(tt.line)), tt.line)
	}
	require.Equal(t, []Line{
		{Number: 1, Verb: VerbBegin},
		{Number: 2, Skipped: true},
		{Number: 3, Skipped: true},
		{Number: 4, Verb: VerbCommit},
	}, ParseSQL([]byte("begin;\r\n\nselect 1\ncommit;\n")))
	require.Empty(t, ParseSQL(nil))
	require.True(t, VerbReplace.Writes())
	require.False(t, VerbSelect.Writes())
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
