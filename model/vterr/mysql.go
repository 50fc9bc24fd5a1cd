package vterr

import (
	"fmt"
	"strconv"
	"strings"
)

// MySQL error numbers and SQLSTATEs that the gate sends.
const (
	ERUnknown            = 1105
	ERQueryInterrupted   = 1317
	ERAccessDenied       = 1045
	ERTooManyConnections = 1203
	ERPacketTooLarge     = 1153
	EROutOfResources     = 1041
	ERNotSupported       = 1235
	ERInternal           = 1815
	ERServerShutdown     = 1053
	EROptionPrevents     = 1290

	SSUnknown          = "HY000"
	SSQueryInterrupted = "70100"
	SSAccessDenied     = "28000"
	SSClientError      = "42000"
	SSNetError         = "08S01"
)

// MySQLError is an error that already has MySQL's form: number, SQLSTATE and text. The gate
// passes it to the client as it is.
// spec: G-78
type MySQLError struct {
	Num   int
	State string
	Text  string
}

// Error gives the text with number and SQLSTATE behind it, as Vitess prints it.
func (e *MySQLError) Error() string {
	return fmt.Sprintf("%s (errno %d) (sqlstate %s)", e.Text, e.Num, e.State)
}

// SQLError gives what a MySQL client sees for an error of the gate. A MySQLError is taken as
// it is. Else the first `(errno N) (sqlstate S)` in the text decides; without one, the code
// does; the text is the plain text. nil gives zeros.
// spec: G-78, G-79
func SQLError(err error) (num int, sqlstate, text string) {
	if err == nil {
		return 0, "", ""
	}
	if own, ok := err.(*MySQLError); ok { // not errors.As: inside a text it is only a text
		return own.Num, own.State, own.Text
	}
	text = err.Error()
	if num, sqlstate, ok := errnoInText(text); ok {
		return num, sqlstate, text
	}
	num, sqlstate = errnoOfCode(CodeOf(err), text)
	return num, sqlstate, text
}

func errnoOfCode(code Code, text string) (int, string) {
	switch code {
	case Canceled, DeadlineExceeded, Aborted:
		return ERQueryInterrupted, SSQueryInterrupted
	case PermissionDenied, Unauthenticated:
		return ERAccessDenied, SSAccessDenied
	case ResourceExhausted:
		return errnoOfExhaustion(text)
	case Unimplemented:
		return ERNotSupported, SSClientError
	case Internal:
		return ERInternal, SSUnknown
	default:
		return ERUnknown, SSUnknown
	}
}

func errnoOfExhaustion(text string) (int, string) {
	_, tooLarge, found := strings.Cut(text, "grpc: ")
	switch {
	case found && strings.Contains(tooLarge, "message larger than max"):
		return ERPacketTooLarge, SSClientError
	case strings.Contains(text, "Transaction throttled"):
		return EROutOfResources, SSUnknown
	default:
		return ERTooManyConnections, SSClientError
	}
}

// errnoInText finds the first `(errno N) (sqlstate SSSSS)`.
func errnoInText(text string) (num int, sqlstate string, found bool) {
	const open, between, stateLength = "(errno ", ") (sqlstate ", 5
	for {
		at := strings.Index(text, open)
		if at < 0 {
			return 0, "", false
		}
		text = text[at+len(open):]
		digits, rest, ok := strings.Cut(text, between)
		if !ok || len(rest) <= stateLength || rest[stateLength] != ')' || !isAlphanumeric(rest[:stateLength]) {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 16); err == nil {
			return int(n), rest[:stateLength], true
		}
	}
}

func isAlphanumeric(text string) bool {
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}
