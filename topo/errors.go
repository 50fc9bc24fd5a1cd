package topo

import "errors"

// ErrorCode says what kind of error a topology operation met.
// spec: O-7
type ErrorCode uint8

// The error codes.
const (
	// NodeExists: Create of an existing file, TryLock of a held lock.
	NodeExists ErrorCode = iota
	// NoNode: the file, directory or lease is not there.
	NoNode
	// NodeNotEmpty: only ZooKeeper.
	NodeNotEmpty
	// Timeout: the context's deadline passed, or the server became unavailable.
	Timeout
	// Interrupted: the context was cancelled, or the connection closed.
	Interrupted
	// BadVersion: somebody else wrote first.
	BadVersion
	// PartialResult: some cells or tablets could not be read or written.
	PartialResult
	// NoUpdateNeeded: an update callback decided to write nothing.
	NoUpdateNeeded
	// NoImplementation: the implementation is unknown or lacks the operation.
	NoImplementation
	// NoReadOnlyImplementation: there is no read-only variant.
	NoReadOnlyImplementation
	// ResourceExhausted: the answer is too large.
	ResourceExhausted
)

// prefix is the fixed start of the error's text.
func (c ErrorCode) prefix() string {
	return [...]string{
		"node already exists: ", "node doesn't exist: ", "node not empty: ", "deadline exceeded: ", "interrupted: ",
		"bad node version: ", "partial result: ", "no update needed: ", "no such topology implementation ",
		"no read-only topology implementation ", "server resource exhausted: ",
	}[c]
}

// Error is a topology error: a code and the node that it is about.
// spec: O-7
type Error struct {
	Code ErrorCode
	Node string
}

// NewError makes an error. An update callback returns
// NewError(NoUpdateNeeded, ...) to have nothing written.
func NewError(code ErrorCode, node string) *Error { return &Error{Code: code, Node: node} }

// Error implements error.
func (e *Error) Error() string { return e.Code.prefix() + e.Node }

// IsErrType reports whether err is, or wraps, a topology error of that code.
// spec: O-8
func IsErrType(err error, code ErrorCode) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
