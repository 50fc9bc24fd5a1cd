package house_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/fidelity.md anew")

// family is a family of rules, and what its rules are about.
type family struct{ prefix, about string }

// families are in the order of the page: how the buffer and the gate behave first.
func families() []family {
	return []family{
		{"B", "the request buffer"},
		{"C", "the buffer's concurrency: what is one step, what may come in between"},
		{"P", "properties of the buffer that always hold"},
		{"L", "the buffer's signal up to v17: primary terms instead of keyspace events"},
		{"M", "the variant that marks a shard outside its lock"},
		{"V", "small worked schedules of the buffer"},
		{"X", "traps: what a naive buffer gets wrong; each restates rules of B, C or P"},
		{"G", "the gateway: choice of tablet, retries, sessions, start and end of a gate"},
		{"GI", "properties of the gateway"},
		{"D", "discovery: health check, keyspace event watcher, topology watcher"},
		{"DI", "properties of discovery"},
		{"T", "tablets and their MySQL servers"},
		{"R", "reparents and the programs that make them"},
		{"O", "the topology server and its clients"},
		{"I-O", "properties of the topology"},
		{"W", "clients, workloads and latencies"},
		{"I-W", "properties of workloads"},
		{"S", "switching traffic of MoveTables and Reshard"},
	}
}

var rulePrefix = regexp.MustCompile(`^(DI|GI|I-[OW]|[A-Z])`)

// ruleCite is a rule with the files that cite it.
type ruleCite struct {
	id          string
	code, tests []string
}

func (c ruleCite) nowhere() bool { return len(c.code)+len(c.tests) == 0 }

// knownRules reads the list of all rules, by family.
func knownRules(t *testing.T) map[string][]string {
	text, err := os.ReadFile("testdata/rules.txt")
	require.NoError(t, err)
	rules := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if id := strings.TrimSpace(line); !strings.HasPrefix(id, "#") {
			require.Regexp(t, known, id)
			prefix := rulePrefix.FindString(id)
			rules[prefix] = append(rules[prefix], id)
		}
	}
	return rules
}

// TestFidelityPage holds that docs/fidelity.md says which rule of the specification is in
// which file and which test asks for it, and that every cited rule exists.
func TestFidelityPage(t *testing.T) {
	code, tests := ruleTags(t)
	rules := knownRules(t)
	exists := map[string]bool{}
	for _, ids := range rules {
		for _, id := range ids {
			exists[id] = true
		}
	}
	code, tests = byRule(t, code, exists), byRule(t, tests, exists)
	cites := map[string][]ruleCite{}
	for _, f := range families() {
		require.NotEmpty(t, rules[f.prefix], "rules of family %s", f.prefix)
		for _, id := range rules[f.prefix] {
			cites[f.prefix] = append(cites[f.prefix], ruleCite{id, code[id], tests[id]})
		}
	}
	require.Len(t, rules, len(families()), "families in the list of rules")
	table, err := os.ReadFile("experiments/groundtruth/table.md")
	require.NoError(t, err)
	page := fidelityPage(cites, string(table))
	if *update {
		require.NoError(t, os.WriteFile("docs/fidelity.md", []byte(page), 0o600))
		return
	}
	have, err := os.ReadFile("docs/fidelity.md")
	require.NoError(t, err)
	require.Equal(t, string(have), page, "docs/fidelity.md is old: run go test . -run TestFidelityPage -update")
}

// byRule gathers the files under the rules of the list; a part of a rule, such as G-80a, counts
// for the rule.
func byRule(t *testing.T, cited map[string][]string, exists map[string]bool) map[string][]string {
	all := map[string][]string{}
	for id, files := range cited {
		if !strings.Contains(id, "-") {
			continue // P9 and the like are of another list
		}
		if !exists[id] {
			id = strings.TrimRight(id, "abcdefgh")
		}
		require.True(t, exists[id], "%s cites %s, which testdata/rules.txt does not have", files[0], id)
		all[id] = append(all[id], files...)
	}
	for id, files := range all {
		slices.Sort(files)
		all[id] = slices.Compact(files)
	}
	return all
}

func fidelityPage(cites map[string][]ruleCite, table string) string {
	var b strings.Builder
	b.WriteString(`# Which rule is where

Written by ` + "`go test . -run TestFidelityPage -update`" + ` from the tags ` + "`spec: B-41`" + ` in the sources. A rule is one numbered
sentence of the specification of Vitess's behaviour that bufsim follows. A tag in a test says that the test
fails if the rule is broken. The recorded schedules (` + "`bufsim conform`" + `) ask for many rules of families B to D
besides; they do not count here, except where a test names the rule.

Every gap is listed: a rule with code and no test of its own, and at the end the rules that nothing cites.

| family | about | rules | code and test | code only | test only | nowhere |
| --- | --- | --: | --: | --: | --: | --: |
`)
	for _, f := range families() {
		var both, onlyCode, onlyTest, nowhere int
		for _, c := range cites[f.prefix] {
			switch {
			case c.nowhere():
				nowhere++
			case len(c.tests) == 0:
				onlyCode++
			case len(c.code) == 0:
				onlyTest++
			default:
				both++
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d |\n", f.prefix, f.about, len(cites[f.prefix]), both, onlyCode, onlyTest, nowhere)
	}
	for _, f := range families() {
		writeFamily(&b, f, cites[f.prefix])
	}
	writeGaps(&b, "Code and no test", cites, func(c ruleCite) bool { return len(c.code) > 0 && len(c.tests) == 0 })
	writeGaps(&b, "Cited nowhere", cites, ruleCite.nowhere)
	b.WriteString(measuredRuns)
	b.WriteString(table)
	return b.String()
}

// measuredRuns introduces the table of measured runs.
const measuredRuns = `
## Measured runs

Runs of a real cluster, played with the same shape (` + "`bufsim groundtruth`" + `): tablets, load, flags, operations, replication
delay, release v24. A figure is *equal* if every simulated run has the measured value, *in range* if timing decides
and the value lies within the simulated ones, else *NOT EXPLAINED*. *same* is the share of simulated runs with exactly
the measured value. Written by ` + "`go test ./experiments/groundtruth -run TestMeasuredRuns -update -timeout 2h`" + `.

`

// writeFamily writes the table of a family: the rules that something cites.
func writeFamily(b *strings.Builder, f family, cites []ruleCite) {
	if !slices.ContainsFunc(cites, func(c ruleCite) bool { return !c.nowhere() }) {
		return
	}
	fmt.Fprintf(b, "\n## %s: %s\n\n| rule | code | test |\n| --- | --- | --- |\n", f.prefix, f.about)
	for _, c := range cites {
		if !c.nowhere() {
			fmt.Fprintf(b, "| %s | %s | %s |\n", c.id, places(c.code, "-"), places(c.tests, "none"))
		}
	}
}

// places lists files; many are cut short.
func places(files []string, none string) string {
	const shown = 3
	if len(files) == 0 {
		return none
	}
	text := strings.Join(files[:min(shown, len(files))], ", ")
	if more := len(files) - shown; more > 0 {
		text += fmt.Sprintf(", %d more", more)
	}
	return text
}

func writeGaps(b *strings.Builder, title string, cites map[string][]ruleCite, gap func(ruleCite) bool) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, f := range families() {
		var ids []string
		for _, c := range cites[f.prefix] {
			if gap(c) {
				ids = append(ids, c.id)
			}
		}
		if len(ids) > 0 {
			fmt.Fprintf(b, "- %s (%d): %s\n", f.prefix, len(ids), strings.Join(ids, " "))
		}
	}
}
