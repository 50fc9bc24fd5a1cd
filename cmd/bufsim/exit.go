package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// The exit codes.
const (
	exitOK           = 0
	exitFinding      = 1
	exitUsage        = 2
	exitOurFault     = 3
	exitInconclusive = 4
	exitInterrupted  = 130
)

// exitError carries an exit code. An empty message prints nothing.
type exitError struct {
	code int
	msg  string
}

func (e *exitError) Error() string { return e.msg }

// usage makes an error about what the user gave: what, why, and how to fix it.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Sprintf(format, args...)}
}

// cannot makes a usage error of a file that cannot be read or written: what was to
// be done with it, and the reason.
func cannot(what, path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return usage("cannot %s %s: %v", what, path, at.Err)
	}
	return usage("%v", err)
}

// errFinding ends a command whose report already told what was found.
func errFinding() error { return &exitError{code: exitFinding} }

// errInterrupted ends a command that was interrupted and has said so.
func errInterrupted() error { return &exitError{code: exitInterrupted} }

// fail prints an error in the one place where errors are printed and returns the
// exit code. Errors without a code come from cobra's own parsing: usage.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	code := exitUsage
	var own *exitError
	if errors.As(err, &own) {
		code = own.code
	}
	if msg := strings.TrimRight(err.Error(), "\n"); msg != "" {
		fmt.Fprintf(stderr, "bufsim: %s\n", msg)
	}
	return code
}
