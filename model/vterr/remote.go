package vterr

import (
	"fmt"

	"bufsim/model/release"
)

// RPCError is a gRPC status as the client of a call sees it: a code and a description,
// without Vitess's own error type. Vitess prints it the same with every verb.
type RPCError struct {
	code Code
	desc string
}

// NewRPCError makes a status, for calls that fail in transport and for servers that answer
// with one.
func NewRPCError(code Code, desc string) *RPCError { return &RPCError{code: code, desc: desc} }

// Error gives `rpc error: code = <Code> desc = <text>`.
func (e *RPCError) Error() string {
	return fmt.Sprintf("rpc error: code = %s desc = %s", e.code.GRPC(), e.desc)
}

// Code gives the status code.
func (e *RPCError) Code() Code { return e.code }

// FromTablet gives the gate's view of an error that ended a call to a tablet: a fundamental
// error with the same code and the text `vttablet: rpc error: code = <Code> desc = <text>`.
// The identity of the original is lost, as it is on a network. nil stays nil.
// spec: T-46, G-68, gateway 9.1
func FromTablet(err error) error {
	if err == nil {
		return nil
	}
	status := &RPCError{code: CodeOf(err), desc: err.Error()}
	if own, ok := err.(*RPCError); ok { // not errors.As: a status inside a text is no status
		status = own
	}
	return New(status.code, TextTabletPrefix+status.Error())
}

// FromTabletInBand gives the gate's view of an error that came inside an answer, as it does
// when the call left something open (a transaction, a reserved connection): same code, text
// `vttablet: <text>`. nil stays nil.
// spec: T-58
func FromTabletInBand(err error) error {
	if err == nil {
		return nil
	}
	return New(CodeOf(err), TextTabletPrefix+err.Error())
}

// FromTabletManager gives the caller's view of an error from a tablet manager call such as
// WaitForPosition. Newer releases name the call, keep the code and print the text once;
// older ones print it twice, with code Unknown. nil stays nil.
// spec
func FromTabletManager(err error, method, alias string, b release.Behaviors) error {
	switch {
	case err == nil:
		return nil
	case b.ErrorTextTwice:
		return NewRPCError(Unknown, fmt.Sprintf("TabletManager.%s on %s error: %s: %s", method, alias, err, err))
	default:
		return NewRPCError(CodeOf(err), fmt.Sprintf("TabletManager.%s on %s: %s", method, alias, err))
	}
}

// ForOperator gives what the operator's client prints for a failed reparent command: the
// server does not translate codes, so it is always Unknown. nil stays nil.
// spec: R-9a
func ForOperator(err error) error {
	if err == nil {
		return nil
	}
	return NewRPCError(Unknown, err.Error())
}
