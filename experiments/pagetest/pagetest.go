// Package pagetest holds the generated parts of pages to what generates them. Such a part stands
// between two lines, which renderings of Markdown do not show:
//
//	<!-- generated: NAME -->
//	<!-- end -->
package pagetest

import (
	"os"
	"strings"
	"testing"
)

// Part fails the test unless the part of a page is as wanted, and says that `command -update`
// writes it. With update it writes the part instead. The page must have the part.
func Part(t testing.TB, file, part, want, command string, update bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+part+" -->\n", "<!-- end -->\n"
	before, rest, begun := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	switch {
	case !begun || !ended:
		t.Fatalf("%s has no part %q from its beginning to its end", file, part)
	case update:
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	case got != want:
		t.Fatalf("%s: the part %q is old; run %s -update and look at what changed.\nIt says:\n%s\nIt should say:\n%s", file, part, command, got, want)
	}
}
