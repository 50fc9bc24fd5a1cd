package fault

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseError is a mistake in the line of a fault.
type ParseError struct {
	// Line is the text; Row its number from 1 in a plan, 0 for a single line.
	Line string
	Row  int
	// Column is the place of the mistake, in characters from 1.
	Column int
	// What is wrong, and what may be written instead.
	What, Fix string
}

// Error prints place and mistake, the line with a caret, and the way out.
func (e *ParseError) Error() string {
	where := fmt.Sprintf("column %d", e.Column)
	if e.Row > 0 {
		where = fmt.Sprintf("line %d, %s", e.Row, where)
	}
	text := fmt.Sprintf("%s: %s\n  | %s\n  | %s^", where, e.What, e.Line, strings.Repeat(" ", e.Column-1))
	if e.Fix != "" {
		text += "\n  = " + e.Fix
	}
	return text
}

// word is one word of a line.
type word struct {
	text   string
	column int
	// key is set for key=value; text is the value then.
	key string
}

// words cuts a line into words. Words may be quoted as Go strings are, and so may
// the value of key="...".
func words(line string) ([]word, *ParseError) {
	var list []word
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		if unicode.IsSpace(r) {
			i += size
			continue
		}
		column := utf8.RuneCountInString(line[:i]) + 1
		end := i + plainLen(line[i:])
		if end < len(line) && line[end] == '"' && (end == i || line[end-1] == '=') {
			quoted, err := strconv.QuotedPrefix(line[end:])
			if err != nil {
				at := utf8.RuneCountInString(line[:end]) + 1
				return nil, &ParseError{Line: line, Column: at, What: "the quoted text does not end, or has a wrong escape", Fix: `write it as in error="lost connection"`}
			}
			text, _ := strconv.Unquote(quoted) // a quoted prefix is always right
			list = append(list, word{text: text, column: column, key: strings.TrimSuffix(line[i:end], "=")})
			i = end + len(quoted)
			continue
		}
		w := word{text: line[i:end], column: column}
		if key, value, ok := strings.Cut(w.text, "="); ok {
			w.key, w.text = key, value
		}
		list = append(list, w)
		i = end
	}
	return list, nil
}

// plainLen is the length of a word up to a space, or to a quote that begins a text.
func plainLen(s string) int {
	for i, r := range s {
		if unicode.IsSpace(r) || r == '"' && (i == 0 || s[i-1] == '=') {
			return i
		}
	}
	return len(s)
}
