package scenario

import (
	"fmt"
	"slices"

	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/spelling"
)

// VitessOptions are the Options that know the releases and the flags of Vitess.
func VitessOptions() Options {
	return Options{
		CheckRelease: func(name string) error {
			_, err := release.Lookup(name)
			return err
		},
		CheckFlag: checkFlag,
		CheckFlags: func(s *Scenario) error {
			p, err := release.Lookup(s.Release)
			if err != nil {
				return nil // reported already
			}
			set, err := s.FlagSet(p)
			if err != nil {
				return nil // reported already
			}
			return flags.Validate(set, p)
		},
	}
}

// FlagSet is the value of every flag: the release's defaults and what the
// scenario sets. It fails only for flags that [VitessOptions] would refuse.
func (s *Scenario) FlagSet(p release.Profile) (flags.Set, error) {
	set := flags.Defaults(p)
	for _, values := range []FlagValues{s.Flags.VTGate, s.Flags.VTTablet, s.Flags.Reparent, s.Flags.VTOrc} {
		for _, name := range values.Names() {
			if err := set.Set(name, values[name], p); err != nil {
				return flags.Set{}, err
			}
		}
	}
	return set, nil
}

// checkFlag judges one flag of one component.
func checkFlag(releaseName, component, name, value string) error {
	p, err := release.Lookup(releaseName)
	if err != nil {
		return nil // the release itself is reported
	}
	of := map[string]flags.Component{
		"vtgate": flags.ComponentVTGate, "vttablet": flags.ComponentVTTablet, "reparent": flags.ComponentVTCtld, "vtorc": flags.ComponentVTOrc,
	}[component]
	var names []string
	for _, d := range flags.Descriptions() {
		if d.Component == of || d.Component == flags.ComponentCommon {
			names = append(names, d.Name)
		}
	}
	if !slices.Contains(names, name) {
		if near, ok := spelling.Nearest(name, names); ok {
			return fmt.Errorf("%s has no flag %q known here; did you mean %q?", component, name, near)
		}
		return fmt.Errorf("%s has no flag %q known here", component, name)
	}
	set := flags.Defaults(p)
	return set.Set(name, value, p)
}
