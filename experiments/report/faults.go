package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/sim/fault"
)

// FaultLists are the kinds of faults and their named patterns.
type FaultLists struct {
	Kinds    fault.Table
	Patterns []fault.Pattern
}

// Text lists them for a terminal.
func (l FaultLists) Text() string {
	p := &page{}
	p.line("Kinds of faults")
	for i := range l.Kinds {
		k := &l.Kinds[i]
		p.gap()
		p.line("%s", usageOf(k))
		p.wrapped("    ", k.Meaning)
		for _, a := range k.Args {
			p.wrapped("    ", fmt.Sprintf("%s: %s%s", a.Name, a.Meaning, forms(a)))
		}
		p.wrapped("    ", k.Example)
	}
	p.gap()
	p.line("Patterns")
	for _, pat := range l.Patterns {
		p.gap()
		p.line("%s", strings.TrimSpace(pat.Name+" "+params(pat)))
		p.wrapped("    ", pat.Meaning)
		for _, line := range example(l.Kinds, pat) {
			p.wrapped("    ", line)
		}
	}
	return p.String()
}

// usageOf is a kind with what its lines take, as in `crash TARGET [for D]`.
func usageOf(k *fault.Kind) string {
	words := []string{k.Name}
	add := func(need fault.Need, text string) {
		switch need {
		case fault.Required:
			words = append(words, text)
		case fault.Optional:
			words = append(words, "["+text+"]")
		}
	}
	add(k.Target, "TARGET")
	add(k.Peer, "peer TARGET")
	for _, a := range k.Args {
		need := fault.Optional
		if a.Required {
			need = fault.Required
		}
		add(need, a.Name+" "+strings.ToUpper(a.Name))
	}
	add(k.For, "for DURATION")
	return strings.Join(words, " ")
}

// forms says how the values of an argument are written.
func forms(a fault.ArgSpec) string {
	if len(a.Words) > 0 {
		return " (" + strings.Join(a.Words, ", ") + ")"
	}
	return " (" + a.Form.String() + ")"
}

func params(p fault.Pattern) string {
	var words []string
	for _, a := range p.Params {
		words = append(words, a.Name+"="+a.Value)
	}
	return strings.Join(words, " ")
}

// example is a pattern's plan with its defaults.
func example(kinds fault.Table, p fault.Pattern) []string {
	plan, err := p.Plan(kinds)
	if err != nil {
		panic(err) // the defaults fit: a test holds them to it
	}
	return strings.Split(strings.TrimSpace(plan.String()), "\n")
}

// FaultListsJSON is the JSON form of the lists.
type FaultListsJSON struct {
	Kinds    []FaultKindEntry    `json:"kinds"`
	Patterns []FaultPatternEntry `json:"patterns"`
}

// FaultKindEntry is one kind.
type FaultKindEntry struct {
	Name    string   `json:"name"`
	Usage   string   `json:"usage"`
	Meaning string   `json:"meaning"`
	Targets []string `json:"targets"`
	Example string   `json:"example"`
}

// FaultPatternEntry is one pattern.
type FaultPatternEntry struct {
	Name    string   `json:"name"`
	Meaning string   `json:"meaning"`
	Params  string   `json:"params"`
	Lines   []string `json:"lines"`
}

// JSON gives the lists for programs.
func (l FaultLists) JSON() FaultListsJSON {
	var out FaultListsJSON
	for i := range l.Kinds {
		k := &l.Kinds[i]
		out.Kinds = append(out.Kinds, FaultKindEntry{k.Name, usageOf(k), k.Meaning, k.Sorts, k.Example})
	}
	for _, p := range l.Patterns {
		out.Patterns = append(out.Patterns, FaultPatternEntry{p.Name, p.Meaning, params(p), example(l.Kinds, p)})
	}
	return out
}

// Markdown gives the lists as tables.
func (l FaultLists) Markdown() string {
	p := &page{}
	var rows [][]string
	for i := range l.Kinds {
		k := &l.Kinds[i]
		rows = append(rows, []string{"`" + usageOf(k) + "`", k.Meaning, "`" + k.Example + "`"})
	}
	p.table([]string{"kind", "what happens", "example"}, rows)
	p.gap()
	rows = nil
	for _, pat := range l.Patterns {
		rows = append(rows, []string{"`" + pat.Name + "`", pat.Meaning, "`" + strings.Join(example(l.Kinds, pat), "`<br>`") + "`"})
	}
	p.table([]string{"pattern", "what it is", "lines with the defaults"}, rows)
	return p.String()
}

// faults tells what became of the plan.
func (p *page) faults(list []runner.Fault) {
	p.line("Faults")
	for i := range list {
		f := &list[i]
		p.wrapped("  ", f.Line)
		p.wrapped("    ", faultCourse(f))
		if f.Error != "" {
			p.wrapped("    error: ", f.Error)
		}
	}
}

// faultCourse says in words what became of a fault.
func faultCourse(f *runner.Fault) string {
	if !f.Fired {
		return "did not happen"
	}
	text := "at " + at(f.Start)
	switch {
	case !f.Ended:
		text = "from " + at(f.Start) + " to the end of the run"
	case f.End != f.Start:
		text = fmt.Sprintf("%s to %s", at(f.Start), at(f.End))
	}
	if len(f.Hosts) > 0 {
		text += ", on " + strings.Join(f.Hosts, " ")
	}
	if len(f.Peers) > 0 {
		text += ", towards " + strings.Join(f.Peers, " ")
	}
	return text
}
