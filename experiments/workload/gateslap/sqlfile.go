package gateslap

import (
	"strings"

	"bufsim/model/query"
)

// Line is one line of a custom SQL file.
type Line struct {
	// Number of the line, from 1.
	Number int
	// Skipped lines hold no `;`: the worker does not execute them but pauses
	// after them as after any other.
	Skipped bool
	Verb    query.Verb
	// Table is the first table of the statement without quotes, with the
	// keyspace in front if the statement has one; "" if there is none. Of USE it
	// is the database.
	Table string
	// Text is the line as written; "" for generated statements.
	Text string
}

// ParseSQL reads a file with one statement a line, as gateslap does. Nothing
// in such a file is an error: what is no known statement is [query.VerbOther].
//
// spec: W-12, W-71
func ParseSQL(src []byte) []Line {
	text := strings.TrimSuffix(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	var out []Line
	for i, line := range strings.Split(text, "\n") {
		if !strings.Contains(line, ";") {
			out = append(out, Line{Number: i + 1, Skipped: true})
			continue
		}
		words := sqlWords(line)
		out = append(out, Line{Number: i + 1, Verb: verbOf(words), Table: tableOf(words), Text: line})
	}
	return out
}

// verbOf classifies a statement by its first word.
func verbOf(words []sqlWord) query.Verb {
	if len(words) == 0 {
		return query.VerbOther
	}
	switch words[0].lower() {
	case "select":
		return query.VerbSelect
	case "insert":
		return query.VerbInsert
	case "update":
		return query.VerbUpdate
	case "delete":
		return query.VerbDelete
	case "replace":
		return query.VerbReplace
	case "begin":
		return query.VerbBegin
	case "start":
		if len(words) > 1 && words[1].lower() == "transaction" {
			return query.VerbBegin
		}
	case "commit":
		return query.VerbCommit
	case "rollback":
		return query.VerbRollback
	case "set":
		return query.VerbSet
	case "use":
		return query.VerbUse
	case "create", "alter", "drop", "truncate":
		return query.VerbDDL
	}
	return query.VerbOther
}

// tableOf finds the first table: after FROM, after INTO, or after the verb and
// its modifiers.
func tableOf(words []sqlWord) string {
	marker := ""
	switch verbOf(words) {
	case query.VerbSelect, query.VerbDelete:
		marker = "from"
	case query.VerbInsert, query.VerbReplace, query.VerbUpdate, query.VerbUse:
	default:
		return ""
	}
	for i := 1; i < len(words); i++ {
		w := words[i]
		if marker != "" {
			if w.lower() == marker && i+1 < len(words) {
				return words[i+1].table()
			}
			continue
		}
		if !isModifier(w.lower()) {
			return w.table()
		}
	}
	return ""
}

// isModifier reports whether a word may stand between INSERT, REPLACE or UPDATE
// and the table.
func isModifier(word string) bool {
	switch word {
	case "into", "ignore", "low_priority", "high_priority", "delayed":
		return true
	}
	return false
}

// sqlWord is a piece of a statement: an identifier with its dots, a string, or
// a single sign.
type sqlWord struct {
	text   string
	quoted bool // written in back quotes somewhere, hence never a keyword
	name   bool
}

func (w sqlWord) lower() string {
	if w.quoted {
		return ""
	}
	return strings.ToLower(w.text)
}

func (w sqlWord) table() string {
	if !w.name {
		return ""
	}
	return w.text
}

// sqlWords cuts a statement into words; comments and text in quotes are
// dropped.
func sqlWords(s string) []sqlWord {
	var out []sqlWord
	for s != "" {
		switch c := s[0]; {
		case strings.HasPrefix(s, "/*"):
			_, s, _ = strings.Cut(s[2:], "*/")
		case strings.HasPrefix(s, "-- ") || c == '#':
			return out
		case c == '\'' || c == '"':
			s = afterQuote(s)
			out = append(out, sqlWord{})
		case isNameByte(c) || c == '`':
			var w sqlWord
			w, s = takeName(s)
			out = append(out, w)
		default:
			if c != ' ' && c != '\t' {
				out = append(out, sqlWord{text: string(c)})
			}
			s = s[1:]
		}
	}
	return out
}

// takeName reads `a`, a.b or `a`.`b` as one word.
func takeName(s string) (sqlWord, string) {
	w := sqlWord{name: true}
	var b strings.Builder
	for s != "" {
		switch c := s[0]; {
		case c == '`':
			w.quoted = true
			var inner string
			inner, s, _ = strings.Cut(s[1:], "`")
			b.WriteString(inner)
		case isNameByte(c) || c == '.':
			b.WriteByte(c)
			s = s[1:]
		default:
			w.text = b.String()
			return w, s
		}
	}
	w.text = b.String()
	return w, s
}

// afterQuote returns what follows the quoted text that s begins with.
func afterQuote(s string) string {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return s[i+1:]
		}
	}
	return ""
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c == '@' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
