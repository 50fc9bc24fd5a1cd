package gateslap

import (
	"errors"
	"fmt"
	"strings"
)

// Error is one mistake in an .ini or SQL file.
type Error struct {
	// File is the name given to the parser.
	File string
	// Line and Column are the place, both counted from 1; columns count bytes.
	Line, Column int
	// Section and Key name the setting; both are empty for a line that belongs
	// to none.
	Section, Key string
	// What is wrong, Why that is so, and how to Fix it.
	What, Why, Fix string
}

// Error prints `file:line:column: [section] key: what: why; fix`.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	switch {
	case e.Key != "":
		fmt.Fprintf(&b, "[%s] %s: ", e.Section, e.Key)
	case e.Section != "":
		fmt.Fprintf(&b, "[%s]: ", e.Section)
	}
	b.WriteString(e.What)
	if e.Why != "" {
		b.WriteString(": " + e.Why)
	}
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

// Errors returns the mistakes that err, an error of [Parse], is made of, in
// the order of the file.
func Errors(err error) []*Error {
	var one *Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}
