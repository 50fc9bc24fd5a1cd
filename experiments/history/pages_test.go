package history_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/history"
	"bufsim/experiments/pagetest"
	"bufsim/model/release"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

const pages = "../../docs/bugs/"

// told is the release whose timeline a page shows: the last one before a fix, so that the
// story is told in the newest words.
func told(b history.Bug) (name string, behaviors release.Behaviors) {
	for _, p := range slices.Backward(release.All()) {
		if b.In(p.Behaviors) {
			return p.Name, p.Behaviors
		}
	}
	behaviors = release.Latest().Behaviors
	behaviors.CancelLeaksSlot = true
	return "v24 with CancelLeaksSlot", behaviors
}

// The page of each bug has the timeline of the bug as it is played now, with its schedule.
// Run with -v to read it.
func TestStories(t *testing.T) {
	for _, b := range history.All() {
		t.Run(b.Name, func(t *testing.T) {
			name, behaviors := told(b)
			run, found := b.Hunt(behaviors)
			require.True(t, found)
			var text strings.Builder
			fmt.Fprintf(&text, "Release %s, schedule: %s.\n\n```\n%s\n```\n\nSeen: %s.\n",
				name, run.Schedule, strings.Join(run.Timeline, "\n"), run.Seen)
			t.Log("\n" + text.String())
			checkPart(t, b.Name+".md", "timeline", text.String())
		})
	}
}

// Each page names the releases, rules, reports and the switch.
func TestPagesAreUpToDate(t *testing.T) {
	for _, b := range history.All() {
		var text strings.Builder
		fmt.Fprintf(&text, "| | |\n| --- | --- |\n| Releases | %s |\n| Reports | %s |\n| Rules | %s |\n| Switch | `%s` |\n| Reproduce | `go test ./experiments/history -run TestStories/%s -v` |\n",
			releases(b), strings.Join(b.Reports, ", "), strings.Join(b.Rules, ", "), b.Switch, b.Name)
		checkPart(t, b.Name+".md", "facts", text.String())
	}
}

// The list of all pages says which release has what.
func TestIndexIsUpToDate(t *testing.T) {
	var text strings.Builder
	text.WriteString("| bug |")
	for _, p := range release.All() {
		text.WriteString(" " + p.Name + " |")
	}
	text.WriteString("\n| --- |" + strings.Repeat(" --- |", len(release.All())) + "\n")
	for _, b := range history.All() {
		fmt.Fprintf(&text, "| [%s](%s.md) |", b.Title, b.Name)
		for _, p := range release.All() {
			text.WriteString(map[bool]string{true: " x |", false: " |"}[b.In(p.Behaviors)])
		}
		text.WriteString("\n")
	}
	checkPart(t, "README.md", "table", text.String())
}

// There is a page for each bug and no other.
func TestEveryPageHasItsBug(t *testing.T) {
	files, err := filepath.Glob(pages + "*.md")
	require.NoError(t, err)
	want := []string{"README.md"}
	for _, b := range history.All() {
		want = append(want, b.Name+".md")
	}
	for i, file := range files {
		files[i] = filepath.Base(file)
	}
	require.ElementsMatch(t, want, files)
}

// releases words which releases have a bug.
func releases(b history.Bug) string {
	var names []string
	for _, p := range release.All() {
		if b.In(p.Behaviors) {
			names = append(names, p.Name)
		}
	}
	switch n := len(names); n {
	case 0:
		return "none of v12 to main"
	case 1:
		return names[0]
	default:
		return names[0] + " to " + names[n-1]
	}
}

// checkPart compares the generated part of a page, or writes it with -update.
func checkPart(t *testing.T, page, part, want string) {
	t.Helper()
	pagetest.Part(t, pages+page, part, want, "go test ./experiments/history", *update)
}
