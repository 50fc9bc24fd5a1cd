package vterr

import (
	"context"
	"errors"
	"fmt"
)

// Error is an error with a code and a text (a fundamental error), or a text around another
// error (a wrapping). Two errors are the same only if they are the same pointer.
type Error struct {
	code  Code
	text  string
	cause error
}

// New makes a fundamental error.
func New(code Code, text string) *Error { return &Error{code: code, text: text} }

// Errorf makes a fundamental error from a format. The verb %v prints an *Error by its plain
// text; where Vitess prints the long form, pass Verbose(err).
func Errorf(code Code, format string, args ...any) *Error {
	return New(code, fmt.Sprintf(format, args...))
}

// Wrap puts a text in front of an error and keeps its code. Wrapping nil gives nil.
// spec: G-28
func Wrap(err error, text string) error {
	if err == nil {
		return nil
	}
	return &Error{code: CodeOf(err), text: text, cause: err}
}

// Wrapf is Wrap with a format.
func Wrapf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return Wrap(err, fmt.Sprintf(format, args...))
}

// Error gives the plain text: what clients see. A wrapping prints `<text>: <cause>`.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.text
	}
	return e.text + ": " + e.cause.Error()
}

// Code gives the error's code; for a wrapping that of what it wraps.
func (e *Error) Code() Code { return e.code }

// Unwrap gives the wrapped error, nil for a fundamental one.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf gives the code of the outermost error that carries one, else the code that its causes
// mean: a cancelled context is CANCELED, an exceeded deadline DEADLINE_EXCEEDED, any other
// plain error UNKNOWN. No error is OK.
// spec: B-5
func CodeOf(err error) Code {
	if e, ok := err.(*Error); ok { // the usual case, without an allocation
		return e.code
	}
	var coded interface{ Code() Code }
	switch {
	case err == nil:
		return OK
	case errors.As(err, &coded):
		return coded.Code()
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return DeadlineExceeded
	default:
		return Unknown
	}
}

// RootCause follows the causes to the innermost error. The plan executor compares it by
// identity. Errors that join several others have no single cause and are their own root.
// spec: G-73
func RootCause(err error) error {
	for {
		cause := errors.Unwrap(err)
		if cause == nil {
			return err
		}
		err = cause
	}
}

// Verbose gives the form in which Vitess prints an error with the verb %v inside another
// text: nil is `<nil>`, a fundamental error `Code: <NAME>`, newline, text, newline; a wrapping
// is its cause in this form, newline, its own text; any other error is its plain text.
// spec: B-79, G-35
func Verbose(err error) string {
	if err == nil {
		return "<nil>"
	}
	var e *Error
	if !isExactly(err, &e) {
		return err.Error()
	}
	if e.cause == nil {
		return "Code: " + e.code.String() + "\n" + e.text + "\n"
	}
	return Verbose(e.cause) + "\n" + e.text
}

// TypeName gives what Vitess prints for an error with the verb %T.
// spec: G-35
func TypeName(err error) string {
	if err == nil {
		return "<nil>"
	}
	var e *Error
	switch {
	case !isExactly(err, &e):
		return fmt.Sprintf("%T", err)
	case e.cause == nil:
		return "*vterrors.fundamental"
	default:
		return "*vterrors.wrapping"
	}
}

// isExactly stores err in target if it is an *Error itself, not merely around one.
func isExactly(err error, target **Error) bool {
	e, ok := err.(*Error) // not errors.As: the outermost error is what is asked about
	*target = e
	return ok
}
