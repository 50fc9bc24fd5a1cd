// Package house_test keeps the house in order: which package may import which,
// which constructs the deterministic packages must not use, and which rules of
// the specification have code and tests.
package house_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// load type-checks all packages of the module once, without their tests.
var load = sync.OnceValues(func() ([]*packages.Package, error) {
	mode := packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports
	return packages.Load(&packages.Config{Mode: mode}, "./...")
})

func loaded(t *testing.T) []*packages.Package {
	t.Helper()
	pkgs, err := load()
	require.NoError(t, err)
	for _, p := range pkgs {
		require.Empty(t, p.Errors, p.PkgPath)
	}
	return pkgs
}

// tree returns the top-level folder of a package of ours, e.g. "gate".
func tree(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "bufsim/"), "/")
	return first
}

// deterministic reports whether a package must be a pure function of the seed.
func deterministic(path string) bool {
	switch tree(path) {
	case "model", "sim", "topo", "tablet", "gate":
		return path != "bufsim/sim/live" && !strings.HasPrefix(path, "bufsim/sim/simtest")
	}
	return false
}

// finding is one breach of a house rule.
type finding struct {
	pos  token.Position
	what string
}

func (f finding) String() string {
	name := f.pos.Filename
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, name); err == nil {
			name = rel
		}
	}
	f.pos.Filename = name
	return f.pos.String() + ": " + f.what
}

func report(t *testing.T, list []finding) {
	t.Helper()
	sort.Slice(list, func(i, j int) bool { return list[i].String() < list[j].String() })
	for _, f := range list {
		t.Error(f)
	}
}

// callee returns "package/path.Name" of the package-level function that a call
// or selector names, or "".
func callee(info *types.Info, sel *ast.SelectorExpr) string {
	obj := info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
		return ""
	}
	return obj.Pkg().Path() + "." + obj.Name()
}
