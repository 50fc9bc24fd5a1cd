package runner

import (
	"slices"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// WithFaults gives a copy of the scenario with more faults behind its own, one for each line;
// docs/faults.md describes the lines. The error is a [*fault.ParseError], which names the place
// in its line.
func WithFaults(s *scenario.Scenario, lines []string) (*scenario.Scenario, error) {
	if len(lines) == 0 {
		return s, nil
	}
	with := *s
	with.Faults = slices.Clone(s.Faults)
	for _, line := range lines {
		f, err := fault.Parse(line, scenario.FaultKinds())
		if err != nil {
			return nil, err
		}
		if m := mistakeOf(s, &f); m != nil {
			at := max(strings.Index(line, m.Word), 0)
			return nil, &fault.ParseError{Line: line, Column: len([]rune(line[:at])) + 1, What: m.What, Fix: m.Fix}
		}
		with.Faults = append(with.Faults, scenario.FaultLine{Fault: f})
	}
	return &with, nil
}

// mistakeOf says what is wrong with a fault for a scenario, nil if nothing is.
func mistakeOf(s *scenario.Scenario, f *fault.Fault) *scenario.FaultMistake {
	m := s.CheckFault(f)
	if m != nil {
		return m
	}
	if err := CheckTrigger(&f.When); err != nil {
		return &scenario.FaultMistake{Word: string(f.When.Event), What: err.Error()}
	}
	return nil
}
