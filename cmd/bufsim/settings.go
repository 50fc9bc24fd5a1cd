package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// settings are what run, scenario, sweep and trace have in common: the release
// and the Vitess flags.
type settings struct {
	release   string
	flagsFrom string
	// vitess holds the Vitess flags given on the command line, by name.
	vitess map[string]*string
}

// register adds the common flags to a command. Vitess's own flags keep their
// names, defaults and meaning.
func (s *settings) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.release, "release", "", "Vitess release to behave like, e.g. v19 (default: the scenario's)")
	f.StringVar(&s.flagsFrom, "flags-from", "", "read a pasted vtgate command line from this file, - for stdin")
	s.vitess = map[string]*string{}
	for _, d := range flags.Descriptions() {
		if f.Lookup(d.Name) != nil {
			continue
		}
		v := new(string)
		s.vitess[d.Name] = v
		f.StringVar(v, d.Name, "", fmt.Sprintf("%s (%s, default %s)", d.Help, d.Component, shownDefault(d)))
		if d.Kind == flags.KindBool {
			f.Lookup(d.Name).NoOptDefVal = "true"
		}
	}
}

func shownDefault(d flags.Description) string {
	v := d.Default(release.Latest())
	if v == "" {
		return `""`
	}
	return v
}

// profile resolves the release: the command line's, else the scenario's.
func (s *settings) profile(sc *scenario.Scenario) (release.Profile, error) {
	name := s.release
	if name == "" {
		name = sc.Release
	}
	p, err := release.Lookup(name)
	if err != nil {
		return p, usage("--release: %v", err)
	}
	return p, nil
}

// resolve gives the flags of a run: the release's defaults, then the scenario's,
// then those of --flags-from, then the command line's; and checks them with the
// release's own texts.
func (s *settings) resolve(c *cobra.Command, a *app, sc *scenario.Scenario, p release.Profile) (flags.Set, error) {
	set, err := sc.FlagSet(p)
	if err != nil {
		return set, usage("%v", err)
	}
	if s.flagsFrom != "" {
		if err := s.paste(a, &set, p); err != nil {
			return set, err
		}
	}
	for _, d := range flags.Descriptions() {
		if v := s.vitess[d.Name]; v != nil && c.Flags().Changed(d.Name) {
			if err := set.Set(d.Name, *v, p); err != nil {
				return set, usage("%v", err)
			}
		}
	}
	if err := flags.Validate(set, p); err != nil {
		return set, usage("%v", err)
	}
	return set, nil
}

// paste applies a vtgate command line and says on stderr which of its flags the
// simulation does not know.
func (s *settings) paste(a *app, set *flags.Set, p release.Profile) error {
	text, err := readFileOr(a.in, s.flagsFrom)
	if err != nil {
		return usage("--flags-from: %v", err)
	}
	parsed, err := flags.ParseCommandLine(string(text), p)
	if err != nil {
		return usage("%s: %v", s.flagsFrom, err)
	}
	for _, name := range parsed.Given {
		if err := copyFlag(set, parsed.Flags, name, p); err != nil {
			return usage("%s: %v", s.flagsFrom, err)
		}
	}
	for _, h := range parsed.Hints {
		fmt.Fprintln(a.err, "bufsim: "+h)
	}
	if len(parsed.Ignored) > 0 {
		fmt.Fprintf(a.err, "bufsim: %s: without effect here: %s\n", s.flagsFrom, strings.Join(parsed.Ignored, " "))
	}
	return nil
}

func copyFlag(set *flags.Set, from flags.Set, name string, p release.Profile) error {
	for _, d := range flags.Descriptions() {
		if d.Name == name {
			return set.Set(name, d.Value(from), p)
		}
	}
	return fmt.Errorf("no flag %s", name)
}

// readFileOr reads a file, or in if the name is "-".
func readFileOr(in io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}

// loadScenario finds a scenario by built-in name, number, or file.
func loadScenario(name string) (*scenario.Scenario, error) {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.ContainsRune(name, '/') {
		s, err := scenario.LoadFile(name, scenario.VitessOptions())
		if err != nil {
			return nil, usage("%v", err)
		}
		return s, nil
	}
	s, err := scenario.Builtin(name, scenario.VitessOptions())
	if err != nil {
		return nil, usage("%v", err)
	}
	return s, nil
}
