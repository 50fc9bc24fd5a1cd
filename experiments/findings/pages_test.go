package findings_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/findings"
	"bufsim/experiments/pagetest"
	"bufsim/experiments/stats"
	"bufsim/sim/simtest"
)

var update = flag.Bool("update", false, "write the generated parts of the pages anew")

// Each page has the timeline of its case as it is played now in the newest release.
func TestTimelines(t *testing.T) {
	for _, f := range findings.All() {
		t.Run(f.Slug, func(t *testing.T) {
			run, err := f.Play("main", 0)
			require.NoError(t, err)
			s := run.Result.Statements
			checkPart(t, f.Slug+".md", "timeline", fmt.Sprintf("Release main, seed 1.\n\n```\n%s\n```\n\n%d of %d statements failed. Seen: %s\n",
				strings.Join(run.Timeline, "\n"), s.Errors, s.Total, strings.Join(strings.Fields(run.Seen()), " ")))
		})
	}
}

// Each page says in which releases the case shows, which rules it is about, what helps, and the
// command that shows it.
func TestFacts(t *testing.T) {
	for _, f := range findings.All() {
		var text strings.Builder
		fmt.Fprintf(&text, "| | |\n| --- | --- |\n| Shows in | %s |\n", strings.Join(showing(f), ", "))
		if len(f.Hidden) > 0 {
			fmt.Fprintf(&text, "| Does not show in | %s |\n", strings.Join(f.Hidden, ", "))
		}
		fmt.Fprintf(&text, "| Rules | %s |\n", strings.Join(f.Rules, ", "))
		for _, change := range f.Remedies {
			fmt.Fprintf(&text, "| Does not show with | `%s` |\n", change)
		}
		fmt.Fprintf(&text, "| Reproduce | `bufsim run docs/findings/cases/%s.yaml` (exit code 1) |\n", f.Slug)
		checkPart(t, f.Slug+".md", "facts", text.String())
	}
}

// The sweep of each page: in how many runs the case shows at which traffic. It takes minutes, so
// that it is held at night only.
func TestRates(t *testing.T) {
	if !simtest.Nightly() && !*update {
		t.Skip("plays every case with many seeds for a minute; BUFSIM_NIGHTLY=1 does")
	}
	for _, f := range findings.All() {
		t.Run(f.Slug, func(t *testing.T) { checkPart(t, f.Slug+".md", "rates", rates(t, f)) })
	}
}

// seeds is the number of runs at each level of traffic.
const seeds = 10

// rates is the table of one sweep; a run is one observation.
func rates(t *testing.T, f findings.Finding) string {
	var text strings.Builder
	fmt.Fprintf(&text, "| traffic | runs in which it shows | share, 95 %% interval (Wilson) |\n| --- | --- | --- |\n")
	for _, level := range f.Traffic {
		shows := 0
		for seed := range uint64(seeds) {
			run, err := f.Play("main", seed+1, level)
			require.NoError(t, err)
			if run.Shows() {
				shows++
			}
		}
		share, err := stats.Wilson(shows, seeds, 0.95)
		require.NoError(t, err)
		fmt.Fprintf(&text, "| `--vary %s` | %d of %d | %.0f %% (%.0f to %.0f %%) |\n", level, shows, seeds, 100*share.Mean, 100*share.Low, 100*share.High)
	}
	return text.String()
}

// The list of all pages says which release shows what.
func TestIndex(t *testing.T) {
	var text strings.Builder
	fmt.Fprintf(&text, "| finding | %s |\n| --- |%s\n", strings.Join(findings.Releases(), " | "), strings.Repeat(" --- |", len(findings.Releases())))
	for _, f := range findings.All() {
		fmt.Fprintf(&text, "| [%s](%s.md) |", f.Title, f.Slug)
		for _, r := range findings.Releases() {
			text.WriteString(map[bool]string{true: " x |", false: " |"}[f.ShowsIn(r)])
		}
		text.WriteString("\n")
	}
	checkPart(t, "README.md", "table", text.String())
}

// There is a page and a case for each finding and no others.
func TestEveryPageHasItsFinding(t *testing.T) {
	pages, cases := []string{"README.md"}, []string{}
	for _, f := range findings.All() {
		pages, cases = append(pages, f.Slug+".md"), append(cases, f.Slug+".yaml")
	}
	require.ElementsMatch(t, pages, files(t, "*.md"))
	require.ElementsMatch(t, cases, files(t, "cases/*.yaml"))
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(findings.Folder, pattern))
	require.NoError(t, err)
	for i, file := range all {
		all[i] = filepath.Base(file)
	}
	return all
}

func showing(f findings.Finding) []string {
	return slices.DeleteFunc(findings.Releases(), func(r string) bool { return !f.ShowsIn(r) })
}

// checkPart compares the generated part of a page, or writes it with -update.
func checkPart(t *testing.T, page, part, want string) {
	t.Helper()
	pagetest.Part(t, filepath.Join(findings.Folder, page), part, want, "go test ./experiments/findings", *update)
}
