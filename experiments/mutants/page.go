package mutants

import (
	"fmt"
	"strings"
)

// Page is docs/mutants.md. Equal trees give equal pages but for the seconds.
func Page(results []Result) string {
	var b strings.Builder
	b.WriteString(pageHead)
	fmt.Fprintf(&b, "%d mutants, %d caught, %d by the tests of their own package.\n", len(results), count(results, Result.Caught), count(results, Result.caughtAtHome))
	for _, area := range areasOf(results) {
		fmt.Fprintf(&b, "\n## %s\n\n| mutant | what is wrong | kind | rule | caught by | tests | cases | seconds |\n|---|---|---|---|---|---:|---:|---:|\n", area)
		for _, r := range results {
			if r.Mutant.Area == area {
				b.WriteString(r.row())
			}
		}
	}
	return b.String()
}

const pageHead = `# Seeded bugs

Do the tests see? Each line is a small fault that somebody could make in the code, and the check
that fails with it. ` + "`make mutants`" + ` plants them one at a time and writes this page; it
fails if one survives. The faults are in [testdata/mutants](../testdata/mutants).

*Caught by* is the first test that fails: of the mutated package if none is named, else of the
package that stands before it. *Tests* is the number of that package's tests that ran up to then,
*cases* is how many cases a test that draws or explores tried. Both are the same on every machine.
*Seconds* are seconds of one processor, compilers included, and are not.

`

func (r Result) row() string {
	m := r.Mutant
	by, tests, cases := "**nothing**", 0, 0
	if c := r.Catch; c != nil {
		by, tests, cases = c.inPage(m), c.Tests, c.Cases
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %d | %d | %.0f |\n",
		m.ID, cell(m.Breaks), m.Kind, strings.Join(m.Rules, ", "), by, tests, cases, r.Seconds)
}

// inPage names the check, with the package unless it is the mutant's own.
func (c Catch) inPage(m Mutant) string {
	text := "`" + cell(c.Test) + "`"
	if c.Test == "" {
		text = "the end of the program"
	}
	if c.Hang {
		text += " (hangs)"
	}
	if c.Package != m.Package() {
		text = strings.TrimPrefix(c.Package, "./") + " " + text
	}
	return text
}

// cell makes a text fit into a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func (r Result) caughtAtHome() bool {
	return r.Catch != nil && r.Catch.Package == r.Mutant.Package()
}

func count(results []Result, what func(Result) bool) (n int) {
	for _, r := range results {
		if what(r) {
			n++
		}
	}
	return n
}

// areasOf lists the areas in the order of their first mutant.
func areasOf(results []Result) (areas []string) {
	seen := map[string]bool{}
	for _, r := range results {
		if !seen[r.Mutant.Area] {
			seen[r.Mutant.Area] = true
			areas = append(areas, r.Mutant.Area)
		}
	}
	return areas
}
