package explain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
	"bufsim/model/release"
)

// setting is a built-in scenario with flags changed.
func setting(t *testing.T, name string, set ...string) explain.Setting {
	t.Helper()
	s, err := scenario.Builtin(name, scenario.VitessOptions())
	require.NoError(t, err)
	p, err := release.Lookup(s.Release)
	require.NoError(t, err)
	f, err := s.FlagSet(p)
	require.NoError(t, err)
	for _, arg := range set {
		flag, value, _ := strings.Cut(arg, "=")
		require.NoError(t, f.Set(flag, value, p))
	}
	return explain.Setting{Scenario: s, Release: p, Flags: f, Seed: max(1, s.Seeds.First)}
}

func play(t *testing.T, s explain.Setting) *explain.Played {
	t.Helper()
	p, err := explain.Play(s)
	require.NoError(t, err)
	return p
}

// What teachers show: the built-in scenarios explained, in the words that users read. The search
// for remedies is left out of those that take long.
func TestBuiltinScenarios(t *testing.T) {
	datadriven.RunTest(t, "testdata/builtin", func(t *testing.T, d *datadriven.TestData) string {
		var name string
		d.ScanArgs(t, "scenario", &name)
		choice := explain.ByCause
		d.MaybeScanArgs(t, "request", &choice)
		w, err := play(t, setting(t, name)).Why(choice, d.Cmd == "why")
		if err != nil {
			return err.Error() + "\n"
		}
		w.Replay = "bufsim why " + name
		return report.Why(w)
	})
}

// Every failed statement has a cause, its request is one that failed or was not answered, and a
// cause is the same pointer wherever it is the same.
func TestEveryFailureHasACause(t *testing.T) {
	for _, name := range []string{"1", "2", "4", "5", "6", "7"} {
		p := play(t, setting(t, name))
		require.Len(t, p.Failures, p.Result.Statements.Errors, name)
		n, seen := 0, map[string]bool{}
		for _, g := range p.Groups() {
			n += len(g.Failures)
			require.False(t, seen[g.Cause.ID], "one group for one cause")
			seen[g.Cause.ID] = true
			require.NotEqual(t, "unexplained", g.Cause.ID, name)
		}
		require.Len(t, p.Failures, n)
	}
}

// Causes have names that commands and files can rely on, and rules to look them up.
func TestCausesAreDocumented(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range explain.Causes() {
		require.NotEmpty(t, c.Title, c.ID)
		require.NotEmpty(t, c.Meaning, c.ID)
		require.NotEmpty(t, c.Rules, c.ID)
		require.False(t, ids[c.ID], "%s twice", c.ID)
		ids[c.ID] = true
	}
	last := explain.Causes()[len(ids)-1]
	require.Equal(t, "unexplained", last.ID, "the last cause fits what no other does")
}

// Watching a run changes nothing in it.
func TestWatchingChangesNothing(t *testing.T) {
	a, b := play(t, setting(t, "5")), play(t, setting(t, "5"))
	require.Equal(t, a.Result.Hash, b.Result.Hash)
	wa, err := a.Why(explain.All, false)
	require.NoError(t, err)
	wb, err := b.Why(explain.All, false)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(wa.Stories[0].Chain), fmt.Sprint(wb.Stories[0].Chain))
}

func ids(p *explain.Played) []string {
	var list []string
	for _, g := range p.Groups() {
		list = append(list, g.Cause.ID)
	}
	slices.Sort(list)
	return list
}

// apply sets flags as a user would.
func apply(t *testing.T, s *explain.Setting, args []string) {
	t.Helper()
	for _, arg := range args {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		require.NoError(t, s.Flags.Set(name, value, s.Release))
	}
}
