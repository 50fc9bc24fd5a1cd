package flags

import (
	"fmt"
	"strings"

	"bufsim/model/release"
	"bufsim/model/spelling"
)

// Parsed is what came out of a list of arguments.
type Parsed struct {
	Flags Set
	// Given names the flags that occurred, in dash form, in order, without duplicates.
	Given []string
	// Hints are remarks for the user: a spelling that his release would not take, a flag
	// that it ignores.
	Hints []string
	// Ignored are the parts of a pasted command line that mean nothing here; Parse leaves it
	// empty.
	Ignored []string
}

// Parse reads arguments over a release's defaults. It takes `--name=value`, `--name value`, one
// leading dash or two, dashes or underscores. A bool needs no value and takes one only after
// `=`. An unknown flag, a bad value or an argument that is no flag is an error that says what
// would be right.
// spec: buffer 2.1
func Parse(args []string, p release.Profile) (Parsed, error) {
	out := Parsed{Flags: Defaults(p)}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, value, hasValue, ok := splitArgument(arg)
		if !ok {
			return Parsed{}, fmt.Errorf("unexpected argument %q: flags look like --buffer-window=3s, and a switch takes its value after '=', as in --enable-buffer=true", arg)
		}
		d, found := find(name)
		if !found {
			return Parsed{}, unknownFlag(arg[:len(arg)-len(valuePart(value, hasValue))], name)
		}
		if !hasValue {
			switch {
			case d.Kind == KindBool:
				value = "true"
			case i+1 < len(args):
				i++
				value = args[i]
			default:
				return Parsed{}, fmt.Errorf("flag %s needs a value (%s)", arg, d.Kind)
			}
		}
		if err := out.take(d, arg, value, p); err != nil {
			return Parsed{}, err
		}
	}
	return out, nil
}

func valuePart(value string, hasValue bool) string {
	if hasValue {
		return "=" + value
	}
	return ""
}

// Set gives one flag a value. The name may be in any spelling, with or without leading
// dashes. The errors are those of Parse.
func (s *Set) Set(name, value string, p release.Profile) error {
	d, found := find(strings.TrimLeft(name, "-"))
	if !found {
		return unknownFlag(name, strings.TrimLeft(name, "-"))
	}
	if err := d.assign(s, value); err != nil {
		return fmt.Errorf("invalid value %q for %s: %w", value, d.Spelled(p), err)
	}
	return nil
}

// take records one flag of a command line.
func (out *Parsed) take(d Description, arg, value string, p release.Profile) error {
	if err := d.assign(&out.Flags, value); err != nil {
		return fmt.Errorf("invalid value %q for %s: %w", value, d.Spelled(p), err)
	}
	known := false
	for _, name := range out.Given {
		known = known || name == d.Name
	}
	if !known {
		out.Given = append(out.Given, d.Name)
		out.Hints = append(out.Hints, hints(d, arg, p)...)
	}
	return nil
}

// splitArgument takes an argument apart; ok is false if it is no flag. The name is without
// leading dashes.
func splitArgument(arg string) (name, value string, hasValue, ok bool) {
	bare, found := strings.CutPrefix(arg, "-")
	if !found {
		return "", "", false, false
	}
	bare, _ = strings.CutPrefix(bare, "-")
	name, value, hasValue = strings.Cut(bare, "=")
	return name, value, hasValue, name != "" && name[0] != '-'
}

// find looks a name up in every spelling. A name that mixes dashes and underscores is only
// known if some release spelled it so.
func find(name string) (Description, bool) {
	dashed := name
	if !strings.Contains(name, "-") {
		dashed = strings.ReplaceAll(name, "_", "-")
	}
	for _, d := range Descriptions() {
		if d.Name == dashed || d.OldName == name {
			return d, true
		}
	}
	return Description{}, false
}

func unknownFlag(shown, name string) error {
	var names []string
	for _, d := range Descriptions() {
		names = append(names, d.Name)
	}
	if near, ok := spelling.Nearest(strings.ReplaceAll(name, "_", "-"), names); ok {
		return fmt.Errorf("unknown flag %s: did you mean --%s?", shown, near)
	}
	return fmt.Errorf("unknown flag %s: bufsim knows the flags that matter for buffering; pass a whole vtgate command line as a file to skip the others", shown)
}

// hints tells what a user's own release would say to a flag that was accepted here.
// spec: buffer 2.1
func hints(d Description, arg string, p release.Profile) []string {
	var out []string
	written, _, _ := strings.Cut(arg, "=")
	bare := strings.TrimLeft(written, "-")
	style := p.Behaviors.FlagSpelling
	switch {
	case style == release.SpellingDashes && bare != d.Name:
		out = append(out, fmt.Sprintf("Flag --%s has been deprecated, use --%s instead", bare, d.Name))
	case style != release.SpellingDashes && bare != d.OldName:
		out = append(out, fmt.Sprintf("%s spells --%s as %s", p.Name, bare, d.Spelled(p)))
	case style != release.SpellingSingleDash && strings.HasPrefix(written, "-") && !strings.HasPrefix(written, "--"):
		out = append(out, fmt.Sprintf("%s wants two dashes: %s", p.Name, d.Spelled(p)))
	}
	if d.Name == "buffer-implementation" && !p.Behaviors.LegacyBuffer {
		out = append(out, "The 'healthcheck' buffer implementation has been removed in v18 and this option will be removed in v19")
	}
	return out
}
