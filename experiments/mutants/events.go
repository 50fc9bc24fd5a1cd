package mutants

import (
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// outcome is what one run of `go test` showed.
type outcome struct {
	// failed: a test failed. broken: something does not compile.
	failed, broken bool
	// test is the first that failed; empty if the program died outside of any.
	test string
	// hang: the test did not end within its limit.
	hang bool
	// tests counts those that began, subtests left out.
	tests int
	// cases counts what a test that draws or explores tried until it failed, 1 for others.
	cases int
	// output is what the compiler or the failed test said.
	output string
	// took is how long the tests ran, without the compiler.
	took time.Duration
	// seconds of the processor, those of the compiler included.
	seconds float64
}

// event is a line of `go test -json`.
type event struct {
	Action, Test, Output, FailedBuild string
	// Elapsed is in seconds.
	Elapsed float64
}

// drawn finds how many cases a property needed: rapid says so.
var drawn = regexp.MustCompile(`failed after (\d+) tests`)

// readEvents reads the output of `go test -json`.
func readEvents(r io.Reader) outcome {
	o := outcome{cases: 1}
	said := map[string]*strings.Builder{}
	var built strings.Builder
	for dec := json.NewDecoder(r); ; {
		var e event
		if dec.Decode(&e) != nil {
			break // the end, or a program that died within a line
		}
		if e.Test == "" && e.Elapsed > 0 {
			o.took = time.Duration(e.Elapsed * float64(time.Second))
		}
		switch e.Action {
		case "build-output":
			built.WriteString(e.Output)
		case "build-fail":
			o.broken = true
		case "run":
			if !strings.Contains(e.Test, "/") {
				o.tests++
			}
		case "output":
			if said[e.Test] == nil {
				said[e.Test] = &strings.Builder{}
			}
			said[e.Test].WriteString(e.Output)
			o.hang = o.hang || strings.HasPrefix(e.Output, "panic: test timed out after")
		case "fail":
			o.broken = o.broken || e.FailedBuild != ""
			if !o.failed || o.test == "" {
				o.test = e.Test
			}
			o.failed = true
		}
	}
	if said := said[o.test]; said != nil {
		o.output = said.String()
	}
	if o.broken {
		o.failed, o.output = false, built.String()
	}
	if m := drawn.FindStringSubmatch(o.output); m != nil {
		o.cases, _ = strconv.Atoi(m[1]) // the expression lets nothing but digits through
	}
	return o
}
