package fault

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern is a named plan with parameters: a way in which clusters are known to break.
type Pattern struct {
	Name string
	// Meaning is one sentence.
	Meaning string
	// Lines are the plan's, with {name} for the value of a parameter.
	Lines []string
	// Params are the parameters with their defaults.
	Params []Arg
}

// Plan gives the pattern's plan with some parameters changed. Parameters that it does not
// have, and values that do not fit, are errors.
func (p *Pattern) Plan(kinds Table, changed ...Arg) (Plan, error) {
	var names, pairs []string
	for _, d := range p.Params {
		names = append(names, d.Name)
	}
	for _, c := range changed {
		if !slices.Contains(names, c.Name) {
			return nil, fmt.Errorf("the pattern %s has no parameter %q; %s", p.Name, c.Name, suggest(c.Name, names))
		}
		pairs = append(pairs, "{"+c.Name+"}", c.Value)
	}
	for _, d := range p.Params {
		pairs = append(pairs, "{"+d.Name+"}", d.Value) // the first pair of a name counts
	}
	return ParsePlan(strings.NewReplacer(pairs...).Replace(strings.Join(p.Lines, "\n")), kinds)
}

// Patterns are those of hosts and network.
func Patterns() []Pattern {
	params := func(more ...Arg) []Arg { return append(more, Arg{"at", "6s"}, Arg{"for", "3s"}) }
	pair := func(more ...Arg) []Arg {
		return params(append([]Arg{{"target", "primary:commerce/0"}, {"peer", "gate-1"}}, more...)...)
	}
	one := func(more ...Arg) []Arg { return params(append([]Arg{{"target", "primary:commerce/0"}}, more...)...) }
	return []Pattern{
		{"partition-pair", "Two sides do not reach each other, while both reach everybody else.", []string{"at {at} partition {target} peer {peer} for {for}"}, pair()},
		{"isolate", "A machine reaches nobody.", []string{"at {at} isolate {target} for {for}"}, one()},
		{"asymmetric", "One side hears the other and is not heard.", []string{"at {at} partition {target} peer {peer} way out for {for}"}, pair()},
		{"clog", "Everything between two sides is held, and comes at once when it is over.", []string{"at {at} clog {target} peer {peer} for {for}"}, pair()},
		{"swizzle-clog", "Hosts are clogged one after the other and set free in another order.", []string{"at {at} swizzle-clog {target} over {over} for {for}"}, params(Arg{"target", "cell:zone1"}, Arg{"over", "1s"})},
		{"slow-link", "Two sides are far from each other.", []string{"at {at} slow {target} peer {peer} add {add} for {for}"}, pair(Arg{"add", "200ms"})},
		{"lossy-link", "Packets get lost between two sides.", []string{"at {at} loss {target} peer {peer} share {share} for {for}"}, pair(Arg{"share", "20%"})},
		{"paused-process", "A process freezes with its connections open.", []string{"at {at} pause {target} for {for}"}, one()},
		{"clock-step", "The clock of a machine jumps.", []string{"at {at} clock-step {target} by {by} for {for}"}, one(Arg{"by", "-2s"})},
		{"clock-drift", "The clock of a machine runs fast.", []string{"at {at} clock-drift {target} ppm {ppm} for {for}"}, one(Arg{"ppm", "50000"})},
	}
}
