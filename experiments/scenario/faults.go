package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"bufsim/sim/fault"
)

// FaultLine is one line of the key faults; docs/faults.md describes the lines.
type FaultLine struct{ fault.Fault }

// FaultKinds is the table of all kinds of faults: those of hosts and network, and
// those that know Vitess and MySQL.
func FaultKinds() fault.Table {
	table := fault.Kinds()
	for i := range table {
		table[i].Sorts = hostSorts(table[i].Name)
	}
	return slices.Concat(table, vitessFaults(), topoFaults(), stateFaults())
}

// hostSorts are the sorts of targets of the kinds of package fault.
func hostSorts(kind string) []string {
	switch kind {
	case fault.DoCrash, fault.DoPause, fault.DoRefuse:
		return processSorts()
	}
	return append(processSorts(), sorts(TargetClients)...)
}

func processSorts() []string {
	return sorts(TargetTablet, TargetPrimary, TargetReplicas, TargetGate, TargetGates, TargetTopo, TargetCell, TargetVTCtld, TargetVTOrc)
}

func sorts(kinds ...TargetKind) []string {
	list := make([]string, len(kinds))
	for i, k := range kinds {
		list[i] = string(k)
	}
	return list
}

// decodeNode reads a line; mistakes point into it.
func (l *FaultLine) decodeNode(d *decoder, n ast.Node, path string) {
	text, ok := scalarText(n)
	if !ok || !isText(n) {
		d.wrong(n, path, "the line of a fault")
		return
	}
	f, err := fault.Parse(text, FaultKinds())
	if wrong := (*fault.ParseError)(nil); errors.As(err, &wrong) {
		at := startOf(n)
		at.column += wrong.Column - 1 + quoteWidth(n)
		d.add(at, path, wrong.What, wrong.Fix)
		return
	}
	l.Fault = f
}

// quoteWidth is what stands before the text of a scalar in quotes.
func quoteWidth(n ast.Node) int {
	if raw := n.GetToken().Origin; strings.HasPrefix(strings.TrimLeft(raw, " \n"), `"`) || strings.HasPrefix(strings.TrimLeft(raw, " \n"), "'") {
		return 1
	}
	return 0
}

func (l FaultLine) canonical() any { return l.Fault.String() }

// FaultMistake is what is wrong with a fault for a cluster.
type FaultMistake struct {
	// Word is the part of the line that is meant; "" is all of it.
	Word      string
	What, Fix string
}

// Error is the mistake and what may be written instead.
func (m *FaultMistake) Error() string {
	if m.Fix == "" {
		return m.What
	}
	return m.What + "; " + m.Fix
}

// CheckFault judges a fault for this cluster: whether its targets exist and fit its
// kind. It returns nil if nothing is wrong.
func (s *Scenario) CheckFault(f *fault.Fault) *FaultMistake {
	kind, ok := FaultKinds().Find(f.Do)
	if !ok {
		return &FaultMistake{f.Do, fmt.Sprintf("unknown kind of fault %q", f.Do), suggest(f.Do, FaultKinds().Names())}
	}
	if f.When.Event == "" && Duration(f.When.At) >= s.Duration {
		return &FaultMistake{"", fmt.Sprintf("the fault happens at %v, but the run ends at %v", f.When.At, s.Duration), "let it happen earlier or lengthen duration"}
	}
	for _, t := range []struct {
		text    string
		allowed []string
	}{{f.Target, kind.Sorts}, {f.Peer, hostSorts(fault.DoPartition)}, {f.Arg("to"), sorts(TargetTablet)}} {
		if t.text == "" {
			continue
		}
		if m := s.checkTarget(t.text, t.allowed, f.Do); m != nil {
			return m
		}
	}
	return nil
}

// checkTarget judges one target of a fault.
func (s *Scenario) checkTarget(text string, allowed []string, do string) *FaultMistake {
	component, kind, name := FaultTarget(text)
	if !slices.Contains(allowed, string(kind)) {
		return &FaultMistake{text, fmt.Sprintf("%s cannot act on %q", do, text), suggest(string(kind), allowed)}
	}
	onTablets := slices.Contains([]TargetKind{TargetTablet, TargetPrimary, TargetReplicas, TargetCell}, kind)
	if component != "" && !onTablets {
		return &FaultMistake{text, fmt.Sprintf("a %s has only one process", kind), "leave " + string(component) + ": out"}
	}
	if kind == TargetGate && name == FullestBuffer || string(kind) == text {
		return nil
	}
	if cell, uid, ok := cutAlias(name); ok && kind == TargetTablet {
		name = fmt.Sprintf("%s-%d", cell, uid) // aliases are also written with leading zeros
	}
	if known := s.Cluster.names(kind); len(known) > 0 && !slices.Contains(known, name) {
		what := string(kind)
		if kind == TargetPrimary || kind == TargetReplicas {
			what = string(TargetShard)
		}
		return &FaultMistake{text, fmt.Sprintf("there is no %s %q", what, name), suggest(name, known)}
	}
	return nil
}

func (c *checker) faults() {
	for i := range c.s.Faults {
		f := &c.s.Faults[i].Fault
		m := c.s.CheckFault(f)
		if check := c.opts.CheckTrigger; m == nil && check != nil {
			if err := check(&f.When); err != nil {
				m = &FaultMistake{Word: string(f.When.Event), What: err.Error()}
			}
		}
		if m != nil {
			c.inLine(fmt.Sprintf("faults[%d]", i), m)
		}
	}
}

// inLine reports a mistake at its word in the line that stands at a path.
func (c *checker) inLine(path string, m *FaultMistake) {
	at := c.places[path]
	if at.line >= 1 && at.line <= len(c.lines) {
		line := []rune(c.lines[at.line-1])
		if rest := string(line[min(at.column-1, len(line)):]); strings.Contains(rest, m.Word) {
			at.column += len([]rune(rest[:strings.Index(rest, m.Word)]))
		}
	}
	c.add(at, path, m.What, m.Fix)
}

// Plan is the scenario's plan of faults.
func (s *Scenario) Plan() fault.Plan {
	var plan fault.Plan
	for _, l := range s.Faults {
		plan = append(plan, l.Fault)
	}
	return plan
}
