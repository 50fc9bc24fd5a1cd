package hunt

import (
	"bytes"
	"fmt"
	"runtime"
	"time"

	"github.com/goccy/go-yaml"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// CaseVersion is the version of the form of case files.
const CaseVersion = "bufsim-case/v1"

// Case is a run that shows something, with everything that playing it again needs.
type Case struct {
	// Version and Go are those of the program that recorded the run.
	Version, Go string
	Input       *Input
	Verdict     Verdict
	// Hash and Steps are the run's.
	Hash  string
	Steps uint64
}

// Verdict is what a case shows.
type Verdict struct {
	Signature string
	Invariant string
	Meaning   string
	Object    string
	At        time.Duration
	Detail    string
}

// newCase makes the case of a finding. The input gets the choices that were made.
func newCase(in *Input, p *Played, f *Finding) *Case {
	own := in.clone()
	own.Choices, own.via = p.Decisions, nil
	return &Case{
		Version: runner.Version, Go: runtime.Version(), Input: own, Hash: p.Hash(), Steps: p.Outcome.Steps,
		Verdict: Verdict{f.Signature, f.Invariant, f.Meaning, f.Object, time.Duration(f.At), f.Detail},
	}
}

// caseFile is the written form.
type caseFile struct {
	APIVersion string      `yaml:"apiVersion"`
	Version    string      `yaml:"version"`
	Go         string      `yaml:"go"`
	Verdict    verdictFile `yaml:"verdict"`
	Hash       string      `yaml:"hash"`
	Steps      uint64      `yaml:"steps"`
	World      string      `yaml:"world"`
	Release    string      `yaml:"release"`
	Switches   []string    `yaml:"switches,omitempty"`
	Seed       uint64      `yaml:"seed"`
	Flags      []string    `yaml:"flags,omitempty"`
	Shards     []string    `yaml:"shards,omitempty"`
	Program    []string    `yaml:"program,omitempty"`
	Faults     []string    `yaml:"faults,omitempty"`
	Scenario   string      `yaml:"scenario,omitempty"`
	Chooser    string      `yaml:"chooser"`
	Choices    string      `yaml:"choices,omitempty"`
}

type verdictFile struct {
	Signature string `yaml:"signature"`
	Invariant string `yaml:"invariant"`
	Meaning   string `yaml:"meaning"`
	Object    string `yaml:"object"`
	At        string `yaml:"at"`
	Detail    string `yaml:"detail"`
}

// Marshal writes the case as YAML.
func (c *Case) Marshal() ([]byte, error) {
	in := c.Input
	f := caseFile{
		APIVersion: CaseVersion, Version: c.Version, Go: c.Go, Hash: c.Hash, Steps: c.Steps,
		Verdict: verdictFile{c.Verdict.Signature, c.Verdict.Invariant, c.Verdict.Meaning, c.Verdict.Object, c.Verdict.At.String(), c.Verdict.Detail},
		World:   in.World, Release: in.Release, Switches: in.Switches, Seed: in.Seed, Flags: in.Flags, Shards: in.Shards,
		Chooser: fmt.Sprintf("%s %d", in.Policy, in.Schedule), Choices: formatChoices(in.Choices),
	}
	for _, s := range in.Steps {
		f.Program = append(f.Program, s.String())
	}
	if in.Scenario != nil {
		bare := *in.Scenario
		bare.Faults = nil
		for _, l := range in.Scenario.Faults {
			f.Faults = append(f.Faults, l.String())
		}
		f.Scenario = string(bare.Marshal())
	}
	var b bytes.Buffer
	err := yaml.NewEncoder(&b, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true)).Encode(f)
	return b.Bytes(), err
}

// ParseCase reads what Marshal wrote, or a user changed.
func ParseCase(text []byte) (*Case, error) {
	var f caseFile
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(&f); err != nil {
		return nil, err
	}
	if f.APIVersion != CaseVersion {
		return nil, fmt.Errorf("apiVersion is %q, and this program reads %q", f.APIVersion, CaseVersion)
	}
	at, err := time.ParseDuration(f.Verdict.At)
	if err != nil {
		return nil, fmt.Errorf("verdict: at: %q is no duration", f.Verdict.At)
	}
	c := &Case{
		Version: f.Version, Go: f.Go, Hash: f.Hash, Steps: f.Steps,
		Verdict: Verdict{f.Verdict.Signature, f.Verdict.Invariant, f.Verdict.Meaning, f.Verdict.Object, at, f.Verdict.Detail},
		Input:   &Input{World: f.World, Release: f.Release, Switches: f.Switches, Seed: f.Seed, Flags: f.Flags, Shards: f.Shards},
	}
	return c, c.Input.parse(&f)
}

// parse reads the parts of an input that have a text form of their own.
func (in *Input) parse(f *caseFile) (err error) {
	w, err := worldOf(f.World)
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(f.Chooser, "%s %d", &in.Policy, &in.Schedule); err != nil {
		return fmt.Errorf("chooser: %q is none, write a strategy and a number", f.Chooser)
	}
	if in.Choices, err = parseChoices(f.Choices); err != nil {
		return err
	}
	for _, line := range f.Program {
		s, err := ParseStep(line, w.Steps)
		if err != nil {
			return err
		}
		in.Steps = append(in.Steps, s)
	}
	if f.Scenario == "" {
		return nil
	}
	if in.Scenario, err = load("case", []byte(f.Scenario)); err != nil {
		return err
	}
	return in.parseFaults(f.Faults)
}

func (in *Input) parseFaults(lines []string) error {
	for _, line := range lines {
		one, err := fault.Parse(line, scenario.FaultKinds())
		if err != nil {
			return err
		}
		if m := in.Scenario.CheckFault(&one); m != nil {
			return fmt.Errorf("fault %q: %w", line, m)
		}
		if err := runner.CheckTrigger(&one.When); err != nil {
			return fmt.Errorf("fault %q: %w", line, err)
		}
		in.Scenario.Faults = append(in.Scenario.Faults, scenario.FaultLine{Fault: one})
	}
	return nil
}

// differences says what differs between the program that recorded the case and this one.
func (c *Case) differences() (list []string) {
	if c.Version != runner.Version {
		list = append(list, fmt.Sprintf("it was recorded by version %s, this is %s", c.Version, runner.Version))
	}
	if c.Go != runtime.Version() {
		list = append(list, fmt.Sprintf("it was recorded by %s, this is %s", c.Go, runtime.Version()))
	}
	return list
}

// decisions counts the choices that are not the dull one.
func (c *Case) decisions() (all, interesting int) {
	for _, d := range c.Input.Choices {
		if d.C != 0 {
			interesting++
		}
	}
	return len(c.Input.Choices), interesting
}
