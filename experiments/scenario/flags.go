package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Flags are Vitess flags that a scenario sets.
type Flags struct {
	VTGate   FlagValues `json:"vtgate,omitempty" jsonschema:"flags of vtgate"`
	VTTablet FlagValues `json:"vttablet,omitempty" jsonschema:"flags of vttablet"`
	// Reparent are the flags of the tool that runs reparents.
	Reparent FlagValues `json:"reparent,omitempty" jsonschema:"flags of the tool that runs reparents"`
	// VTOrc are the flags of the cluster's VTOrc processes.
	VTOrc FlagValues `json:"vtorc,omitempty" jsonschema:"flags of vtorc"`
}

// FlagValues maps flag names to their values as written. The names of a loaded
// scenario have no leading dashes, and dashes instead of underscores.
type FlagValues map[string]string

// Names lists the flags in order.
func (f FlagValues) Names() []string { return slices.Sorted(maps.Keys(f)) }

// FlagChecker tells whether a component (vtgate, vttablet, reparent or vtorc) of a
// release has a flag and takes the value. The error says what is wrong.
type FlagChecker func(release, component, name, value string) error

// FlagName is the form in which names are kept: `-buffer_window` and
// `--buffer-window` are both `buffer-window`.
func FlagName(spelling string) string {
	return strings.ReplaceAll(strings.TrimLeft(spelling, "-"), "_", "-")
}

func (f *FlagValues) decodeNode(d *decoder, n ast.Node, path string) {
	pairs, ok := d.pairs(n, path)
	if !ok {
		return
	}
	values := FlagValues{}
	spelling := map[string]string{}
	for _, p := range pairs {
		name := FlagName(p.key)
		text, scalar := scalarText(p.value)
		switch {
		case name == "":
			d.add(p.at, path, "a flag without a name", "write it as in buffer-window: 10s")
		case !scalar:
			d.add(p.at, path, fmt.Sprintf("the flag %s has no plain value, but %s", name, kindOf(p.value)),
				"write the value as on the command line; a switch takes true or false")
		case spelling[name] != "":
			d.add(p.at, path, fmt.Sprintf("the flag %s is set twice, as %s and as %s", name, spelling[name], p.key), "remove one of the two")
		default:
			values[name] = text
			spelling[name] = p.key
			d.places[join(path, name)] = p.at
		}
	}
	if len(values) > 0 {
		*f = values
	}
}

// canonical is the written form, sorted.
func (f FlagValues) canonical() any {
	var out orderedMap
	for _, name := range f.Names() {
		out = append(out, member{name, f[name]})
	}
	return out
}
