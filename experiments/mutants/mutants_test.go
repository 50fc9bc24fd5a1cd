package mutants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// loadTree loads the packages that mutants may change, once.
var loadTree = sync.OnceValues(func() ([]*packages.Package, error) {
	mode := packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedImports
	return packages.Load(&packages.Config{Mode: mode, Dir: root}, "./model/...", "./sim/...", "./topo/...", "./tablet/...", "./gate/...")
})

const root = "../.."

func all(t *testing.T) []Mutant {
	t.Helper()
	list, err := Load(root)
	require.NoError(t, err)
	return list
}

func TestEachKindHasAMutant(t *testing.T) {
	had := map[string]bool{}
	for _, m := range all(t) {
		had[m.Kind] = true
	}
	for _, kind := range Kinds() {
		require.True(t, had[kind], "no mutant of the kind %q", kind)
	}
}

func TestMutantsCiteRulesAndHaveNamesOfTheirOwn(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "testdata", "rules.txt"))
	require.NoError(t, err)
	rules, ids := strings.Fields(string(text)), map[string]string{}
	for _, m := range all(t) {
		require.Empty(t, ids[m.ID], "two mutants are called %s", m.ID)
		ids[m.ID] = m.File
		require.True(t, strings.HasSuffix(m.Breaks, "."), "%s: a sentence ends with a full stop", m.ID)
		for _, rule := range m.Rules {
			require.Contains(t, rules, rule, m.ID)
		}
	}
}

// TestMutantsApplyAndCompile holds that no mutant has gone stale: its lines are there, once, and
// the package compiles with those that replace them.
func TestMutantsApplyAndCompile(t *testing.T) {
	tree, err := loadTree()
	require.NoError(t, err)
	for _, m := range all(t) {
		t.Run(m.ID, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(root, m.File))
			require.NoError(t, err)
			faulty, err := m.Apply(source)
			require.NoError(t, err)
			require.NotEqual(t, string(source), string(faulty))
			require.NoError(t, compile(tree, m, faulty))
		})
	}
}

// compile checks the types of the mutated package, with faulty in place of its file.
func compile(tree []*packages.Package, m Mutant, faulty []byte) error {
	name := "bufsim/" + filepath.ToSlash(filepath.Dir(m.File))
	i := slices.IndexFunc(tree, func(p *packages.Package) bool { return p.PkgPath == name })
	p, fset := tree[i], token.NewFileSet()
	var files []*ast.File
	for _, file := range p.GoFiles {
		var text any
		if filepath.Base(file) == filepath.Base(m.File) {
			text = faulty
		}
		parsed, err := parser.ParseFile(fset, file, text, 0)
		if err != nil {
			return err
		}
		files = append(files, parsed)
	}
	config := types.Config{Importer: imported{p}}
	_, err := config.Check(name, fset, files, nil)
	return err
}

// imported finds the packages that a package imports where they are loaded already.
type imported struct{ by *packages.Package }

func (i imported) Import(path string) (*types.Package, error) { return i.by.Imports[path].Types, nil }

func TestApplyWantsWholeLinesThatOccurOnce(t *testing.T) {
	m := Mutant{ID: "m", File: "f.go", Before: "\tb()\n", After: "\tc()\n"}
	got, err := m.Apply([]byte("a\n\tb()\n"))
	require.NoError(t, err)
	require.Equal(t, "a\n\tc()\n", string(got))
	got, err = m.Apply([]byte("\tb()\nd\n"))
	require.NoError(t, err)
	require.Equal(t, "\tc()\nd\n", string(got))
	for _, source := range []string{"", "\tb() // with a remark\n", "\t\tb()\n", "\tb()\n\tb()\n"} {
		_, err := m.Apply([]byte(source))
		require.Error(t, err, "%q", source)
	}
}

func TestParseTellsWhatIsWrong(t *testing.T) {
	const good = "breaks: It.\nkind: k\nrule: B-1, B-2\nfile: a/b.go\ncheck: ./a -run T\n-- before --\nx\n-- after --\ny\n"
	m, err := parse([]byte(good))
	require.NoError(t, err)
	require.Equal(t, Mutant{
		Breaks: "It.", Kind: "k", Rules: []string{"B-1", "B-2"}, File: "a/b.go",
		Check: []string{"./a", "-run", "T"}, Before: "x\n", After: "y\n",
	}, m)
	for _, part := range []string{"breaks: It.\n", "kind: k\n", "rule: B-1, B-2\n", "file: a/b.go\n", "-- before --\nx\n", "-- after --\ny\n"} {
		_, err := parse([]byte(strings.Replace(good, part, "", 1)))
		require.Error(t, err, "without %q", part)
	}
	_, err = parse([]byte("color: red\n" + good))
	require.ErrorContains(t, err, `unknown key "color"`)
}
