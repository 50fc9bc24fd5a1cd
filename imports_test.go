package house_test

import (
	"go/token"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// edges are the allowed imports between our own packages: the longest prefix of
// the importing package counts. Each has its reason.
var edges = []struct {
	from   string
	to     []string
	reason string
}{
	{"model", []string{"model"}, "values without behaviour over time"},
	{"sim", []string{"sim/trace"}, "the kernel knows no Vitess"},
	{"sim/trace", nil, "events know no scheduler"},
	{"sim/explore", []string{"sim", "model/spelling"}, "choosers see points, not programs"},
	{"sim/simnet", []string{"sim", "sim/trace"}, "the network carries opaque values"},
	{"sim/fault", []string{"sim", "sim/trace", "sim/simnet", "model/spelling"}, "acts on hosts and links; a domain brings the rest"},
	{"sim/live", []string{"sim", "sim/trace"}, "a second backend of the same tools"},
	{"sim/simtest", []string{"sim", "sim/trace", "sim/explore", "sim/live"}, "helpers for tests of worlds"},
	{"topo", []string{"topo", "sim", "sim/trace", "sim/simnet", "model"}, "records over the network"},
	{"tablet", []string{"tablet", "topo", "sim", "sim/trace", "sim/simnet", "model"}, "speaks to gates by messages only"},
	{"gate", []string{"gate", "topo", "sim", "sim/trace", "sim/simnet", "model"}, "speaks to tablets by messages only"},
	{"gate/buffer", []string{"gate/metrics", "sim", "sim/trace", "model"}, "declares the interfaces that it needs"},
	{"gate/metrics", []string{"sim", "sim/trace", "model"}, "counts, and knows nobody"},
	{"experiments/stats", nil, "numbers in, numbers out"},
	{"experiments/plotstyle", nil, "data in, figures out"},
	{"experiments", []string{"experiments", "gate", "tablet", "topo", "sim", "sim/trace", "sim/simnet", "sim/explore", "sim/fault", "model"}, "puts the pieces together"},
	{"cmd", []string{"experiments", "gate", "tablet", "topo", "sim", "sim/trace", "sim/explore", "sim/fault", "model"}, "the command line"},
}

// modules are the third-party modules that code (tests left out) may import, by
// tree, each with its reason. What is not listed is the standard library.
var modules = map[string]struct {
	trees  []string
	reason string
}{
	"github.com/spf13/cobra":                  {[]string{"cmd/bufsim"}, "the command line of the Vitess programs"},
	"github.com/spf13/pflag":                  {[]string{"cmd/bufsim"}, "goes with cobra"},
	"github.com/goccy/go-yaml":                {[]string{"experiments"}, "strict YAML with positions"},
	"github.com/google/jsonschema-go":         {[]string{"experiments/scenario", "cmd/bufsim"}, "the schema of scenario files"},
	"github.com/HdrHistogram/hdrhistogram-go": {[]string{"experiments/stats"}, "latencies: integers, merged in any order"},
	"github.com/prometheus/common":            {[]string{"experiments/observed"}, "reads the exposition text of real gates"},
	"github.com/prometheus/client_model":      {[]string{"experiments/observed"}, "goes with it"},
	"github.com/anishathalye/porcupine":       {[]string{"experiments/invariant"}, "the search for a linearization"},
	"gonum.org/v1/gonum":                      {[]string{"experiments/stats", "experiments/plotstyle"}, "distributions"},
	"gonum.org/v1/plot":                       {[]string{"experiments/plotstyle"}, "figures"},
	"golang.org/x/tools":                      {[]string{"experiments/mutants"}, "the format of seeded bugs"},
	"golang.org/x/image":                      {[]string{"experiments/plotstyle"}, "font faces for measuring text"},
}

func TestImportRules(t *testing.T) {
	var list []finding
	for _, p := range loaded(t) {
		for path := range p.Imports {
			if why := forbidden(p.PkgPath, path); why != "" {
				list = append(list, finding{positionOfImport(p, path), why})
			}
		}
	}
	report(t, list)
}

func TestListedModulesAreUsed(t *testing.T) {
	used := map[string]bool{}
	for _, p := range loaded(t) {
		for path := range p.Imports {
			used[moduleOf(path)] = true
		}
	}
	for m := range modules {
		if !used[m] {
			t.Errorf("module %s is allowed but nothing imports it: take it out of the list", m)
		}
	}
}

func forbidden(from, path string) string {
	if strings.HasPrefix(path, "bufsim/") {
		for _, to := range rule(strings.TrimPrefix(from, "bufsim/")) {
			if within(strings.TrimPrefix(path, "bufsim/"), to) {
				return ""
			}
		}
		return from + " must not import " + path
	}
	m := moduleOf(path)
	if m == "" {
		return ""
	}
	for _, tree := range modules[m].trees {
		if within(strings.TrimPrefix(from, "bufsim/"), tree) {
			return ""
		}
	}
	return from + " must not import " + path + ": not in the list of modules"
}

// rule returns what the package may import, by the longest matching prefix.
// "sim" alone does not open its sub-packages.
func rule(from string) (to []string) {
	best := -1
	for _, e := range edges {
		if within(from, e.from) && len(e.from) > best {
			best, to = len(e.from), e.to
		}
	}
	return to
}

func within(path, prefix string) bool {
	return path == prefix || prefix != "sim" && strings.HasPrefix(path, prefix+"/")
}

// moduleOf returns the module of a third-party import path, "" for the standard library.
func moduleOf(path string) string {
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") {
		return ""
	}
	for m := range modules {
		if path == m || strings.HasPrefix(path, m+"/") {
			return m
		}
	}
	return path
}

func positionOfImport(p *packages.Package, path string) (pos token.Position) {
	for _, f := range p.Syntax {
		for _, spec := range f.Imports {
			if strings.Trim(spec.Path.Value, `"`) == path {
				return p.Fset.Position(spec.Pos())
			}
		}
	}
	return pos
}
