package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Verb is what a statement does, as far as routing, locking and buffering care.
// spec: W-71
type Verb uint8

// The verbs. VerbOther is any statement that reads and writes no rows (SHOW, comments).
const (
	VerbOther Verb = iota
	VerbSelect
	VerbInsert
	VerbUpdate
	VerbDelete
	VerbReplace
	VerbBegin
	VerbCommit
	VerbRollback
	VerbSet
	VerbUse
	// VerbSleep is SELECT SLEEP(n): a read whose only effect is its Cost.
	VerbSleep
	// VerbDDL is CREATE, ALTER, DROP and TRUNCATE.
	VerbDDL
)

// String gives the SQL word, or OTHER, SLEEP, DDL.
func (v Verb) String() string {
	switch v {
	case VerbOther:
		return "OTHER"
	case VerbSelect:
		return "SELECT"
	case VerbInsert:
		return "INSERT"
	case VerbUpdate:
		return "UPDATE"
	case VerbDelete:
		return "DELETE"
	case VerbReplace:
		return "REPLACE"
	case VerbBegin:
		return "BEGIN"
	case VerbCommit:
		return "COMMIT"
	case VerbRollback:
		return "ROLLBACK"
	case VerbSet:
		return "SET"
	case VerbUse:
		return "USE"
	case VerbSleep:
		return "SLEEP"
	case VerbDDL:
		return "DDL"
	default:
		return "Verb(" + strconv.Itoa(int(v)) + ")"
	}
}

// IsWrite reports whether the verb changes rows or tables, so that it needs a writable MySQL.
func (v Verb) IsWrite() bool {
	switch v {
	case VerbInsert, VerbUpdate, VerbDelete, VerbReplace, VerbDDL:
		return true
	default:
		return false
	}
}

// IsRead reports whether the verb only reads, so that equal ones can be consolidated (T-50a).
func (v Verb) IsRead() bool { return v == VerbSelect || v == VerbSleep }

// Statement is one SQL statement, by what it does.
type Statement struct {
	Verb  Verb
	Table string
	// Key is the row that the statement reads or writes; Value is what it writes there.
	// Checkers of lost and repeated writes follow them.
	Key   int64
	Value int64
	// Rows is how many rows it returns or affects; zero lets the server decide.
	Rows int64
	// Cost is how long MySQL works on it beyond the server's own model of time: the
	// argument of SLEEP, or a query that is known to be slow. Zero adds nothing.
	Cost time.Duration
	// SQL is the text, if there is one (see Text).
	SQL string
}

// Text gives the statement's SQL, or a deterministic text made from its fields when there is
// none. Equal statements have equal texts, so it can serve as the key of consolidation.
func (s Statement) Text() string {
	if s.SQL != "" {
		return s.SQL
	}
	switch s.Verb {
	case VerbSelect:
		return fmt.Sprintf("select * from %s where id = %d", s.Table, s.Key)
	case VerbInsert, VerbReplace:
		return fmt.Sprintf("%s into %s(id, v) values (%d, %d)", strings.ToLower(s.Verb.String()), s.Table, s.Key, s.Value)
	case VerbUpdate:
		return fmt.Sprintf("update %s set v = %d where id = %d", s.Table, s.Value, s.Key)
	case VerbDelete:
		return fmt.Sprintf("delete from %s where id = %d", s.Table, s.Key)
	case VerbSleep:
		return "select sleep(" + seconds(s.Cost) + ")"
	default:
		return strings.TrimSpace(strings.ToLower(s.Verb.String()) + " " + s.Table)
	}
}

// seconds prints a duration as a decimal number of seconds.
func seconds(d time.Duration) string {
	text := fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// ParseVerb finds out what a SQL text does: its verb and the first table it names, empty
// if there is none. It knows just enough SQL for query logs; anything else is VerbOther.
// spec: W-71
func ParseVerb(sql string) (Verb, string) {
	words := sqlWords(sql)
	if len(words) == 0 {
		return VerbOther, ""
	}
	switch strings.ToLower(words[0]) {
	case "select":
		if len(words) > 1 && strings.EqualFold(words[1], "sleep") {
			return VerbSleep, ""
		}
		return VerbSelect, wordAfter(words, "from")
	case "insert":
		return VerbInsert, wordAfter(words, "into", "insert", "ignore")
	case "replace":
		return VerbReplace, wordAfter(words, "into", "replace")
	case "update":
		return VerbUpdate, wordAfter(words, "ignore", "update")
	case "delete":
		return VerbDelete, wordAfter(words, "from", "delete")
	case "begin", "start":
		return VerbBegin, ""
	case "commit":
		return VerbCommit, ""
	case "rollback":
		return VerbRollback, ""
	case "set":
		return VerbSet, ""
	case "use":
		return VerbUse, wordAfter(words, "use")
	case "create", "alter", "drop", "truncate":
		return VerbDDL, wordAfter(words, "exists", "table", "truncate")
	default:
		return VerbOther, ""
	}
}

// wordAfter gives the word after the first of the given words that occurs, trying them in turn.
func wordAfter(words []string, after ...string) string {
	for _, want := range after {
		for i, w := range words[:len(words)-1] {
			if strings.EqualFold(w, want) {
				return words[i+1]
			}
		}
	}
	return ""
}

// sqlWords splits a text into names and keywords, dropping comments, quotes around names,
// punctuation and string literals.
func sqlWords(sql string) []string {
	var words []string
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipTo(sql, i+2, "*/")
		case strings.HasPrefix(sql[i:], "-- "), c == '#':
			i = skipTo(sql, i, "\n")
		case c == '\'' || c == '"':
			i = skipTo(sql, i+1, sql[i:i+1])
		case c == '`':
			end := skipTo(sql, i+1, "`")
			words = append(words, strings.Trim(sql[i:end], "`"))
			i = end
		case isWordByte(c):
			end := i
			for end < len(sql) && isWordByte(sql[end]) {
				end++
			}
			words = append(words, sql[i:end])
			i = end
		default:
			i++
		}
	}
	return words
}

// skipTo gives the index after the next end mark at or after from, or the end of the text.
func skipTo(sql string, from int, mark string) int {
	if at := strings.Index(sql[from:], mark); at >= 0 {
		return from + at + len(mark)
	}
	return len(sql)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '_' || c == '.' || c == '$' || c == '@' || c >= 0x80
}
