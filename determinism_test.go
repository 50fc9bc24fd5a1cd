package house_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// exempt are the files of deterministic packages that may break a rule, each
// with its reason. The key is "path/file.go: rule".
var exempt = map[string]string{
	"sim/coro_handoff.go: goroutines and channels": "the cross-check back end hands control over through channels",
	"sim/wait.go: goroutines and channels":         "a live goroutine waits on a channel; never used in a World",
	"sim/cond.go: goroutines and channels":         "the same, for a wait that was fired while its lock was given up",
	"sim/select.go: goroutines and channels":       "the same, for a wait with several cases",
	"model/release/profile.go: import":             "lists the fields of two structs in the order of the source",
	"sim/context.go: goroutines and channels":      "Context implements context.Context, whose Done is a channel",
	"sim/proc.go: recover":                         "the top frame of a proc keeps a panic's stack",
	"sim/world.go: recover":                        "the same for timer callbacks",
}

// bannedImports must not appear in deterministic packages.
var bannedImports = map[string]string{
	"sync": "use sim's tools", "sync/atomic": "use sim.Atomic", "math/rand": "use env.Rand", "math/rand/v2": "use env.Rand",
	"crypto/rand": "use env.Rand", "hash/maphash": "its seed differs per process", "os": "pass data as arguments",
	"net": "use sim/simnet", "log": "use env.Logf", "log/slog": "use env.Logf", "os/exec": "pass data as arguments",
	"unsafe": "no address may matter", "reflect": "map order and addresses show",
}

// bannedCalls must not be used in deterministic packages.
var bannedCalls = regexp.MustCompile(`^(time\.(Now|Sleep|After|AfterFunc|Tick|NewTimer|NewTicker|Since|Until)|context\.With\w+|runtime\.(Gosched|NumGoroutine|GC|LockOSThread|NumCPU|GOMAXPROCS))$`)

func TestDeterministicPackagesAvoidWhatIsNot(t *testing.T) {
	var list []finding
	for _, p := range loaded(t) {
		if deterministic(p.PkgPath) {
			list = append(list, breaches(p)...)
		}
	}
	report(t, list)
}

// breaches lists what p does that a pure function of the seed must not do.
func breaches(p *packages.Package) []finding {
	c := &checker{p: p}
	for _, file := range p.Syntax {
		c.file = file
		c.free = commentLines(p.Fset, file, "order-free:")
		c.floats = commentLines(p.Fset, file, "float:")
		for _, d := range file.Decls {
			c.packageVar(d)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil {
				c.node(n)
			}
			return true
		})
	}
	return c.list
}

type checker struct {
	p            *packages.Package
	file         *ast.File
	free, floats map[int]bool
	list         []finding
}

func (c *checker) found(n ast.Node, rule, what string) {
	pos := c.p.Fset.Position(n.Pos())
	name := pos.Filename
	if i := strings.LastIndex(name, "/"+strings.TrimPrefix(c.p.PkgPath, "bufsim/")+"/"); i >= 0 {
		name = name[i+1:]
	}
	if _, ok := exempt[name+": "+rule]; !ok {
		c.list = append(c.list, finding{pos, rule + ": " + what})
	}
}

func (c *checker) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
		c.found(n, "goroutines and channels", "use env.Go and sim's tools")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			c.found(n, "goroutines and channels", "use env.Go and sim's tools")
		}
	case *ast.ImportSpec:
		path := strings.Trim(n.Path.Value, `"`)
		if why, bad := bannedImports[path]; bad {
			c.found(n, "import", path+": "+why)
		}
	case *ast.SelectorExpr:
		if name := callee(c.p.TypesInfo, n); bannedCalls.MatchString(name) {
			c.found(n, "wall clock", name+": use env")
		}
	case *ast.RangeStmt:
		c.mapRange(n)
	case *ast.CallExpr:
		c.call(n)
	case *ast.Ident:
		if n.Name == "float64" || n.Name == "float32" {
			if line := c.p.Fset.Position(n.Pos()).Line; !c.floats[line] && !c.floats[line-1] {
				c.found(n, "float", "use integers, or say why with a comment `float: reason`")
			}
		}
	case *ast.BasicLit:
		if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
			c.found(n, "address", "%p prints an address")
		}
	}
}

func (c *checker) mapRange(n *ast.RangeStmt) {
	tv, ok := c.p.TypesInfo.Types[n.X]
	if !ok {
		return
	}
	if _, isMap := tv.Type.Underlying().(*types.Map); !isMap {
		return
	}
	line := c.p.Fset.Position(n.Pos()).Line
	if !c.free[line] && !c.free[line-1] {
		c.found(n, "map order", "range over sorted keys, or say why the order is free with a comment `order-free: reason`")
	}
}

func (c *checker) call(n *ast.CallExpr) {
	if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "recover" {
		c.found(n, "recover", "it could swallow the unwinding of a crashed host")
	}
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	for _, arg := range n.Args {
		inner, ok := arg.(*ast.CallExpr)
		if !ok {
			continue
		}
		if s, ok := inner.Fun.(*ast.SelectorExpr); ok && isMapIterator(callee(c.p.TypesInfo, s)) {
			if !strings.HasPrefix(callee(c.p.TypesInfo, sel), "slices.Sorted") {
				c.found(n, "map order", "sort what comes out of a map: slices.Sorted(maps.Keys(m))")
			}
		}
	}
}

func isMapIterator(name string) bool {
	return name == "maps.Keys" || name == "maps.Values" || name == "maps.All"
}

// packageVar allows only sentinel errors and interface checks as package variables.
func (c *checker) packageVar(d ast.Decl) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			c.found(d, "init", "do it in a constructor")
		}
		return
	}
	for _, s := range g.Specs {
		for _, name := range s.(*ast.ValueSpec).Names {
			obj := c.p.TypesInfo.Defs[name]
			if name.Name == "_" || obj != nil && types.Implements(obj.Type(), errorType()) && strings.HasPrefix(strings.ToLower(name.Name), "err") {
				continue
			}
			c.found(name, "package variable", name.Name+": pass it as an argument")
		}
	}
}

func errorType() *types.Interface {
	return types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
}

// commentLines returns the lines on which a comment with the marker stands.
func commentLines(fset *token.FileSet, file *ast.File, marker string) map[int]bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if strings.Contains(c.Text, marker) {
				lines[fset.Position(c.End()).Line] = true
			}
		}
	}
	return lines
}

// TestCanarySourceIsCaught proves that the check above can fail: a package with
// one breach of each kind yields exactly those findings.
func TestCanarySourceIsCaught(t *testing.T) {
	mode := packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports
	pkgs, err := packages.Load(&packages.Config{Mode: mode, Dir: "testdata/canary"}, ".")
	require.NoError(t, err)
	var rules []string
	for _, f := range breaches(pkgs[0]) {
		rule, _, _ := strings.Cut(f.what, ":")
		rules = append(rules, rule)
	}
	require.ElementsMatch(t, []string{
		"import", "import", "package variable", "wall clock", "map order", "map order", "goroutines and channels",
		"goroutines and channels", "goroutines and channels", "recover", "float", "address", "init",
	}, rules)
}
