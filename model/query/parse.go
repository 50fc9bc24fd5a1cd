package query

import "time"

// Parse makes a statement of a SQL text: its verb and table, and the time that SLEEP takes.
// It reads no values: the statement has the key 1, so that it goes to one shard.
func Parse(sql string) Statement {
	st := Statement{SQL: sql, Key: 1, Value: 1}
	st.Verb, st.Table = ParseVerb(sql)
	if words := sqlWords(sql); st.Verb == VerbSleep && len(words) > 2 {
		if d, err := time.ParseDuration(words[2] + "s"); err == nil {
			st.Cost = d
		}
	}
	return st
}
