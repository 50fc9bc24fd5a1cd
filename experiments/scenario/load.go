package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml/ast"

	"bufsim/experiments/workload/gateslap"
	"bufsim/sim/fault"
)

// Options are what [Load] needs from the outside. The zero Options check
// neither flags nor releases and read no other files; [VitessOptions] know
// Vitess's.
type Options struct {
	// CheckFlag judges the flags of the scenario; nil lets all of them pass.
	CheckFlag FlagChecker
	// CheckFlags judges all flags together once each of them is right by itself;
	// nil lets every combination pass.
	CheckFlags func(s *Scenario) error
	// CheckRelease judges the name of the release; nil lets all names pass.
	CheckRelease func(release string) error
	// CheckTrigger judges what a fault waits for; nil lets everything pass.
	CheckTrigger func(w *fault.When) error
	// ReadFile reads a gateslap file that the scenario names. With nil only the
	// built-in configurations are known.
	ReadFile func(path string) ([]byte, error)
}

// Load reads, resolves and checks a scenario; name is the file name shown in
// messages. The error is of type [Problems] and holds every mistake found,
// those in the form of the file (unknown keys, wrong types, bad values) and those
// in its meaning. What only follows from another mistake is left out: the meaning
// of a part is looked at once its form, and that of what it refers to, is right.
func Load(name string, src []byte, opts Options) (*Scenario, error) {
	c := newCollector(name, src)
	root := parseTree(c, src)
	if root == nil {
		return nil, c.err()
	}
	d := &decoder{collector: c, places: map[string]place{}, opts: opts}
	s := &Scenario{}
	d.value(root, reflect.ValueOf(s).Elem(), "")
	s.resolve(func(path string) bool { _, ok := d.places[path]; return ok })
	(&checker{decoder: d, s: s}).check()
	if err := c.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// LoadFile reads a scenario from a file. Paths in it are relative to its
// folder, unless opts brings a ReadFile of its own.
func LoadFile(path string, opts Options) (*Scenario, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the scenario: %w", err)
	}
	if opts.ReadFile == nil {
		opts.ReadFile = func(name string) ([]byte, error) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(filepath.Dir(path), name)
			}
			return os.ReadFile(name)
		}
	}
	return Load(path, src, opts)
}

// decodeNode reads the name of a gateslap configuration and the file behind it.
func (g *Gateslap) decodeNode(d *decoder, n ast.Node, path string) {
	source, ok := scalarText(n)
	if !ok || !isText(n) || source == "" {
		d.wrong(n, path, "the name of a gateslap configuration")
		return
	}
	src, err := gateslap.BuiltinSource(source)
	if filepath.Base(source) != source {
		err = os.ErrNotExist // a path is never a built-in name
	}
	if err != nil && d.opts.ReadFile != nil {
		src, err = d.opts.ReadFile(source)
	}
	if err != nil {
		d.add(startOf(n), path, fmt.Sprintf("there is no gateslap configuration %q", source), suggest(source, gateslap.BuiltinNames()))
		return
	}
	config, err := gateslap.Parse(source, src)
	if err != nil {
		d.add(startOf(n), path, "the gateslap configuration has mistakes: "+err.Error(), "")
		return
	}
	*g = Gateslap{Source: source, Config: config, Text: string(src)}
	g.readFiles(d, n, path)
}

// readFiles reads the SQL files that the configuration names, from the folder that
// gateslap would be started in: the scenario's.
func (g *Gateslap) readFiles(d *decoder, n ast.Node, path string) {
	for _, file := range g.Config.SQLFiles() {
		src, err := []byte(nil), error(os.ErrNotExist)
		if d.opts.ReadFile != nil {
			src, err = d.opts.ReadFile(file)
		}
		if err != nil {
			d.add(startOf(n), path, fmt.Sprintf("%s names the SQL file %q, which cannot be read: %v", g.Source, file, err),
				"put the file there, relative to the scenario file, or take it out of [custom]")
			return
		}
		if g.Files == nil {
			g.Files = map[string][]gateslap.Line{}
		}
		g.Files[file] = gateslap.ParseSQL(src)
		g.Text += "\n" + string(src)
	}
}

func (g *Gateslap) canonical() any { return g.Source }
