package sweep

import (
	"fmt"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// axisFault is the axis of faults: its values are lines, see docs/faults.md, or noFault.
const (
	axisFault = "fault"
	noFault   = "none"
)

// faultValues takes the text of the axis of faults apart: lines with semicolons between them,
// since the lines themselves have commas and dots.
func faultValues(text string) (values []string, err error) {
	for line := range strings.SplitSeq(text, ";") {
		if line = strings.TrimSpace(line); line == "" {
			return nil, fmt.Errorf("%q has an empty line; write `none`, or a fault such as `at 6s crash gate-1 for 2s`", text)
		}
		values = append(values, line)
	}
	return values, nil
}

// setFault adds one fault to the scenario's.
func setFault(s *scenario.Scenario, value string) error {
	if value == noFault {
		return nil
	}
	with, err := runner.WithFaults(s, []string{value})
	if err != nil {
		return err
	}
	s.Faults = with.Faults
	return nil
}

// Text writes the values of an axis as they are read.
func (a Axis) Text() string {
	switch {
	case a.Range != "":
		return a.Range
	case a.Name == axisFault:
		return strings.Join(a.Values, "; ")
	}
	return strings.Join(a.Values, ",")
}
