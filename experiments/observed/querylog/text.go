package querylog

import (
	"fmt"
	"strconv"
	"strings"
)

// parseText reads a line of the text form: columns between tabs. spec: W-52, W-53
func parseText(line string) (Record, error) {
	parts := strings.Split(line, "\t")
	if len(parts) < columnsMin || len(parts) > columnsMax {
		return Record{}, fmt.Errorf("%d columns; the query log of a vtgate has %d to %d, with tabs in between", len(parts), columnsMin, columnsMax)
	}
	var r Record
	at := 0
	for i, c := range columns() {
		if i == len(parts) {
			break
		}
		if err := c.read(&r, parts[i]); err != nil {
			return Record{}, &columnError{at + 1, c.key, err}
		}
		at += len(parts[i]) + 1
	}
	if n := len(columns()); len(parts) > n {
		for _, text := range parts[n:] {
			if inner, err := strconv.Unquote(text); err == nil {
				text = inner
			}
			r.Later = append(r.Later, text)
		}
	}
	return r, nil
}

// columnError says where in the line a column is, and what is wrong with it.
type columnError struct {
	offset int
	key    string
	err    error
}

func (e *columnError) Error() string { return fmt.Sprintf("column %s: %v", e.key, e.err) }
func (e *columnError) Unwrap() error { return e.err }

// read reads a column of the text form.
func (c column) read(r *Record, text string) error {
	field := c.at(r)
	switch c.kind {
	case single:
		text = strings.TrimSuffix(strings.TrimPrefix(text, "'"), "'")
	case quoted:
		inner, err := strconv.Unquote(text)
		if err != nil {
			return fmt.Errorf("%s is not in quotes", text)
		}
		text = inner
	}
	return parse(text, field)
}

// write is the opposite of read.
func (c column) write(r *Record) string {
	text := format(c.at(r))
	switch c.kind {
	case single:
		return "'" + text + "'"
	case quoted:
		return strconv.Quote(text)
	case raw:
		if text == "" {
			return "{}"
		}
	}
	return text
}

// FormatText is the line of a record in the text form of the newest releases, without
// a line feed.
func FormatText(r Record) string {
	var parts []string
	for _, c := range columns() {
		parts = append(parts, c.write(&r))
	}
	for i, key := range laterKeys(len(r.Later)) {
		parts = append(parts, formatLater(key, r.Later[i]))
	}
	return strings.Join(parts, "\t")
}

// formatLater writes a column after the 22nd: times bare, texts quoted.
func formatLater(key, text string) string {
	if strings.HasSuffix(key, "Time") {
		return text
	}
	return strconv.Quote(text)
}
