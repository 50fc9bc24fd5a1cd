package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/runner"
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
	vitess map[string]*vitessValue
}

// register adds the common flags to a command. Vitess's own flags keep their
// names, defaults and meaning.
func (s *settings) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.release, "release", "", "Vitess `RELEASE` to behave like, e.g. v19 (default: the scenario's)")
	f.StringVar(&s.flagsFrom, "flags-from", "",
		"`FILE` with a pasted vtgate command line or Kubernetes args list, - is stdin; flags on this command line win")
	complete(c, "release", releaseNames)
	s.vitess = map[string]*vitessValue{}
	for _, d := range flags.Descriptions() {
		v := &vitessValue{kind: d.Kind}
		s.vitess[d.Name] = v
		added := f.VarPF(v, d.Name, "", fmt.Sprintf("%s (default %s)", strings.TrimSuffix(d.Help, "."), shownDefault(d)))
		added.Annotations = map[string][]string{componentOf: {string(d.Component)}}
		if d.Kind == flags.KindBool {
			added.NoOptDefVal = "true"
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
// then those of --flags-from, then the command line's. It says which of them have
// no effect. The combination is still to be checked.
func (s *settings) resolve(c *cobra.Command, a *app, sc *scenario.Scenario, p release.Profile) (flags.Set, error) {
	set, err := sc.FlagSet(p)
	if err != nil {
		return set, usage("%v", err)
	}
	if s.flagsFrom != "" {
		if err := s.paste(c, a, &set, p); err != nil {
			return set, err
		}
	}
	for _, d := range flags.Descriptions() {
		if v := s.vitess[d.Name]; v != nil && c.Flags().Changed(d.Name) {
			if err := set.Set(d.Name, v.text, p); err != nil {
				return set, usage("%v", err)
			}
			if why := withoutEffect(d.Name, p); why != "" {
				a.say("--%s has no effect: %s", d.Name, why)
			}
		}
	}
	return set, nil
}

// loadScenario finds a scenario by built-in name, number, or file.
func loadScenario(name string) (*scenario.Scenario, error) {
	if isFile(name) {
		opts := scenario.VitessOptions()
		opts.CheckTrigger = runner.CheckTrigger
		s, err := scenario.LoadFile(name, opts)
		if err != nil {
			return nil, cannot("read the scenario", name, err)
		}
		return s, nil
	}
	if _, err := scenario.Lookup(name); err != nil {
		hint := "; `bufsim scenarios` lists them, and the name of a file ends in .yaml or contains a /"
		if h := switchHint([]string{name}); h != "" {
			hint = h
		}
		known, _, _ := strings.Cut(err.Error(), "allowed: ")
		return nil, usage("%s%s", strings.TrimRight(known, " ;"), hint)
	}
	s, err := scenario.Builtin(name, scenario.VitessOptions())
	if err != nil {
		return nil, usage("%v", err)
	}
	return s, nil
}

// isFile reports whether a scenario's name is that of a file.
func isFile(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.ContainsRune(name, '/')
}
