package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// quick are the mutants that the ordinary tests try, each by the check that its file names: one
// that draws, one that explores, stories. The whole battery is `make mutants`.
var quick = []string{
	"older-primary-listed", "request-held-twice", "must-rollback-forgotten", "cancel-leaks-slot",
}

func TestQuickMutantsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the mutated packages, which -short leaves out; without -short it runs")
	}
	battery := &Battery{Root: here(t), Limit: 10 * time.Minute}
	tried := 0
	for _, m := range all(t) {
		for _, id := range quick {
			if m.ID != id {
				continue
			}
			tried++
			require.NotEmpty(t, m.Check, "%s: a quick mutant names its check", id)
			o, err := battery.test(t.Context(), m, m.Check...)
			require.NoError(t, err, id)
			require.True(t, o.failed, "%s survives %v", id, m.Check)
			t.Logf("%s: %s fails, %.1f s", id, o.test, o.seconds)
		}
	}
	require.Equal(t, len(quick), tried)
}

func here(t *testing.T) string {
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	return dir
}

// small makes a module with one package and a mutant of it.
func small(t *testing.T, testBody string) (*Battery, Mutant) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	write("testdata/read.txt", "by tests\n")
	write("go.mod", "module small\n\ngo 1.24\n")
	write("one/one.go", "package one\n\nfunc One() int {\n\treturn 1\n}\n")
	write("one/one_test.go", "package one\n\nimport \"testing\"\n\nfunc TestFirst(t *testing.T) {}\n\nfunc TestOne(t *testing.T) {\n"+testBody+"}\n")
	m := Mutant{ID: "two", Area: "one", Breaks: "One is 2.", Kind: "k", Rules: []string{"B-1"}, File: "one/one.go", Before: "\treturn 1\n", After: "\treturn 2\n"}
	return &Battery{Root: dir, CacheDir: filepath.Join(dir, "cache"), Limit: 20 * time.Second}, m
}

func TestACatchNamesTheFirstTestThatFails(t *testing.T) {
	b, m := small(t, "\tt.Run(\"is one\", func(t *testing.T) {\n\t\tif One() != 1 {\n\t\t\tt.Error(\"[rapid] failed after 7 tests: no\")\n\t\t}\n\t})\n")
	results, err := b.Run(t.Context(), []Mutant{m})
	require.NoError(t, err)
	require.Equal(t, &Catch{Package: "./one", Test: "TestOne/is_one", Tests: 2, Cases: 7}, results[0].Catch)
	require.Equal(t, []string{"./one"}, results[0].Asked)
	require.Contains(t, Page(results), "| `two` | One is 2. | k | B-1 | `TestOne/is_one` | 2 | 7 |")

	// A second battery remembers; with another test it asks again.
	require.NoError(t, os.WriteFile(filepath.Join(b.Root, "one", "one_test.go"), []byte("package one\n"), 0o644))
	again, err := b.Run(t.Context(), []Mutant{m})
	require.NoError(t, err)
	require.Equal(t, results[0].Catch, again[0].Catch, "the hashes are made once in a process")
	contents.hash = map[string]string{}
	o, err := b.ask(t.Context(), &baseline{battery: b, green: map[string]error{}}, m, "./one")
	require.NoError(t, err)
	require.Nil(t, o.Catch, "no test is left to catch it")
}

func TestABatteryTellsWhatIsNoCatch(t *testing.T) {
	ask := func(b *Battery, m Mutant) (answer, error) {
		return b.ask(t.Context(), &baseline{battery: b, green: map[string]error{}}, m, "./one")
	}
	b, m := small(t, "\tif One() > 2 {\n\t\tt.Error()\n\t}\n")
	a, err := ask(b, m)
	require.NoError(t, err)
	require.Nil(t, a.Catch, "it survives")

	m.After = "\treturn two\n"
	_, err = ask(b, m)
	require.ErrorContains(t, err, "undefined: two", "it does not compile")

	m.Before = "\treturn 3\n"
	_, err = ask(b, m)
	require.ErrorContains(t, err, "are not in one/one.go", "it does not apply")

	b, m = small(t, "\tt.Error(\"whatever One is\")\n")
	_, err = ask(b, m)
	require.ErrorContains(t, err, "fails in TestOne without a mutant", "the tree is red")

	b, m = small(t, "\tif One() == 2 {\n\t\tselect {}\n\t}\n")
	b.Limit = 3 * time.Second
	a, err = ask(b, m)
	require.NoError(t, err)
	require.True(t, a.Catch.Hang || strings.HasPrefix(a.Catch.Test, "TestOne"), "%+v", a.Catch)
}

func TestSurvivorsStandInThePage(t *testing.T) {
	m := Mutant{ID: "alive", Area: "gate", Breaks: "A | B.", Kind: "k", Rules: []string{"B-1"}, File: "gate/gate.go"}
	page := Page([]Result{
		{Mutant: m},
		{Mutant: m, Catch: &Catch{Package: "./experiments/runner", Tests: 3, Cases: 1}},
		{Mutant: m, Catch: &Catch{Package: "./gate", Test: "TestX", Hang: true, Tests: 3, Cases: 1}, Seconds: 1.4},
	})
	require.Contains(t, page, "3 mutants, 2 caught, 1 by the tests of their own package.")
	require.Contains(t, page, "| `alive` | A \\| B. | k | B-1 | **nothing** | 0 | 0 | 0 |")
	require.Contains(t, page, "| experiments/runner the end of the program | 3 | 1 | 0 |")
	require.Contains(t, page, "| `TestX` (hangs) | 3 | 1 | 1 |")
}
