package reparent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

// Client is the program with which an operator gives commands.
type Client uint8

// The clients.
const (
	// VTCtlClient is the old client, vtctlclient.
	VTCtlClient Client = iota
	// VTCtldClient is the new one, vtctldclient, as of v24.
	VTCtldClient
)

// ClientFor gives the client that operators of a release use: the guides change over with
// v15. MODEL: the new client prints errors as v24 does in all releases.
func ClientFor(p release.Profile) Client {
	if p.Behaviors.FlagSpelling == release.SpellingSingleDash {
		return VTCtlClient
	}
	return VTCtldClient
}

// ClientOutput is what the operator sees.
type ClientOutput struct {
	Stdout, Stderr string
	ExitStatus     int
}

// The layouts of instants in the clients' output.
const (
	glogTime = "0102 15:04:05.000000"
	slogTime = "2006-01-02T15:04:05.000000000Z"
)

// FormatClientOutput gives the output of a command that ended at wall (nanoseconds since
// 1970) with err, nil for success. The client always sees the code Unknown.
// spec: R-9a, R-60, R-164
func FormatClientOutput(client Client, command string, result *Result, err error, wall int64) ClientOutput {
	if err == nil {
		return ClientOutput{Stdout: logText(result)}
	}
	text := vterr.ForOperator(err).Error()
	if client == VTCtlClient {
		return ClientOutput{
			Stdout:     command + " Error: " + text + "\n",
			Stderr:     fmt.Sprintf("E%s %7d main.go:76] remote error: %s\n", instant(wall, glogTime), processID, text),
			ExitStatus: 1,
		}
	}
	return ClientOutput{Stderr: errorJSON(wall, text), ExitStatus: 1}
}

// processID stands where glog prints the number of the process. MODEL: hosts have none.
const processID = 1

// logText prints the server's log lines of the operation.
func logText(result *Result) string {
	var out bytes.Buffer
	for _, l := range result.Log {
		fmt.Fprintf(&out, "%c%s %s:%d] %s\n", l.Severity, instant(l.Wall, glogTime), l.File, l.Line, l.Text)
	}
	return out.String()
}

// errorJSON is one line of structured log.
func errorJSON(wall int64, text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	line := struct {
		Time  string `json:"time"`
		Level string `json:"level"`
		Msg   string `json:"msg"`
	}{instant(wall, slogTime), "ERROR", text}
	if err := encoder.Encode(line); err != nil {
		return text + "\n" // cannot happen: the line holds nothing but texts
	}
	return out.String()
}

func instant(wall int64, layout string) string { return time.Unix(0, wall).UTC().Format(layout) }
