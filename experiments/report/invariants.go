package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
)

// InvariantEntry is an invariant as the list of them shows it.
type InvariantEntry struct {
	ID      string   `json:"id"`
	Meaning string   `json:"meaning"`
	Rules   []string `json:"rules"`
}

// InvariantEntries is the JSON form of a list of invariants.
func InvariantEntries(list []invariant.Invariant) []InvariantEntry {
	var entries []InvariantEntry
	for _, inv := range list {
		entries = append(entries, InvariantEntry{inv.ID, inv.Meaning, inv.Rules})
	}
	return entries
}

// Invariants lists invariants for a terminal.
func Invariants(list []invariant.Invariant) string {
	p := &page{}
	for _, inv := range list {
		p.line("%s (%s)", inv.ID, strings.Join(inv.Rules, ", "))
		p.wrapped("    ", inv.Meaning)
	}
	return p.String()
}

// InvariantsMarkdown lists invariants as a Markdown table.
func InvariantsMarkdown(list []invariant.Invariant) string {
	p := &page{}
	var rows [][]string
	for _, inv := range list {
		rows = append(rows, []string{"`" + inv.ID + "`", inv.Meaning, strings.Join(inv.Rules, ", ")})
	}
	p.table([]string{"id", "what holds", "rules"}, rows)
	return p.String()
}

// violations tells what the checkers of a run found. What a user needs to see it again, the
// seed, the version and the command, stands at the head of the report.
func (p *page) violations(r *runner.Result) {
	findings := r.Findings()
	p.line("Invariants: %d of %d held", r.Checked-broken(findings), r.Checked)
	for _, v := range r.Violations {
		if !v.Finding() {
			p.wrapped("  ", fmt.Sprintf("excused: %s, %s at %s: %s; %s", v.Invariant, v.Object, at(v.At), v.Detail, v.Excused))
			continue
		}
		p.line("  BROKEN %s", v.Invariant)
		p.wrapped("    ", v.Meaning)
		p.wrapped("    ", fmt.Sprintf("%s at %s%s: %s", v.Object, at(v.At), times(v.Count), v.Detail))
		p.block(FoldLines(strings.Join(v.Events, "\n")))
	}
}

// broken counts the invariants that have a finding.
func broken(findings []invariant.Violation) int {
	seen := map[string]bool{}
	for _, v := range findings {
		seen[v.Invariant] = true
	}
	return len(seen)
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" and %d times more", n-1)
}
