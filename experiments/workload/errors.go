package workload

import (
	"context"
	"errors"

	"bufsim/model/vterr"
	"bufsim/sim/simnet"
)

// The errors that client libraries make themselves. spec: W-25
const (
	crConnHostError = 2003
	crServerGone    = 2006
	crServerLost    = 2013
)

// erTableExists is the one visible error after which gateslap does not retry.
// spec: W-28
const erTableExists = 1050

func libraryError(num int, text string) *vterr.MySQLError {
	return &vterr.MySQLError{Num: num, State: vterr.SSUnknown, Text: text}
}

// errInterface is PyMySQL's answer to the use of a closed connection. spec: W-26
func errInterface() *vterr.MySQLError { return libraryError(0, "connection is closed") }

// connectError is what a failed connect becomes.
func connectError(gate string, err error) *vterr.MySQLError {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own
	}
	reason := "timed out"
	var transport *simnet.Error
	if errors.As(err, &transport) {
		reason = transport.Kind.String()
	}
	return libraryError(crConnHostError, "Can't connect to MySQL server on '"+gate+"' ("+reason+")")
}

// queryError is what a failed command becomes. spec: W-25
func queryError(err error) *vterr.MySQLError {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return libraryError(crServerLost, "Lost connection to MySQL server during query (timed out)")
	}
	var transport *simnet.Error
	if errors.As(err, &transport) && transport.Kind == simnet.Closed { // before anything was sent
		return libraryError(crServerGone, "MySQL server has gone away ("+transport.Kind.String()+")")
	}
	return libraryError(crServerLost, "Lost connection to MySQL server during query")
}

// breaks reports whether a connection is of no more use after the error.
func breaks(err *vterr.MySQLError) bool { return err.Num == crServerGone || err.Num == crServerLost }

// errorClass is a class of PyMySQL's exceptions.
type errorClass string

// The classes that matter here; InternalError counts as OperationalError, since
// nothing tells the two apart.
const (
	operationalError errorClass = "OperationalError"
	programmingError errorClass = "ProgrammingError"
	integrityError   errorClass = "IntegrityError"
	interfaceError   errorClass = "InterfaceError"
)

// classOf gives the class of a driver's error. DBUtils and gateslap handle
// OperationalError only. spec: W-26
func classOf(err error) errorClass {
	var own *vterr.MySQLError
	if !errors.As(err, &own) {
		return operationalError
	}
	switch own.Num {
	case 0:
		return interfaceError
	case 1062, 1048, 1216, 1217, 1451, 1452:
		return integrityError
	case 1007, 1008, 1049, 1054, 1064, 1109, 1146, 1149:
		return programmingError
	}
	return operationalError
}

// numberOf returns the MySQL number of a driver's error.
func numberOf(err error) int {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own.Num
	}
	return 0
}

// messageOf returns the text of a driver's error without number and state.
func messageOf(err error) string {
	var own *vterr.MySQLError
	if errors.As(err, &own) {
		return own.Text
	}
	return err.Error()
}
