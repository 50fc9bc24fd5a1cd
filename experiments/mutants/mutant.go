package mutants

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// Mutant is one seeded bug.
type Mutant struct {
	// ID is the name of its file, unique over all areas.
	ID string
	// Area is the folder of its file: gate, tablet, topo or sim.
	Area string
	// Breaks says in one sentence what is wrong with it.
	Breaks string
	// Kind is one of [Kinds].
	Kind string
	// Rules forbid what it does.
	Rules []string
	// File is the source file that it changes, relative to the module's root.
	File string
	// Check is the quick check that is known to catch it, as arguments of `go test`; may be empty.
	Check []string
	// Before is what After replaces: whole lines.
	Before, After string
}

// Package is the package that the mutant changes, as an argument of `go test`.
func (m Mutant) Package() string { return "./" + path.Dir(m.File) }

// Load reads all mutants of the module at root, by area and id.
func Load(root string) ([]Mutant, error) {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "mutants", "*", "*.txtar"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var list []Mutant
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		m.ID = strings.TrimSuffix(filepath.Base(file), ".txtar")
		m.Area = filepath.Base(filepath.Dir(file))
		list = append(list, m)
	}
	return list, nil
}

// parse reads one file: `key: value` lines, then the sections before and after.
func parse(text []byte) (m Mutant, err error) {
	archive := txtar.Parse(text)
	for line := range strings.Lines(string(archive.Comment)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		if err := m.set(key, strings.TrimSpace(value)); err != nil {
			return m, err
		}
	}
	if len(archive.Files) != 2 || archive.Files[0].Name != "before" || archive.Files[1].Name != "after" {
		return m, errors.New("want the sections before and after, in this order")
	}
	m.Before, m.After = string(archive.Files[0].Data), string(archive.Files[1].Data)
	if m.Breaks == "" || m.Kind == "" || len(m.Rules) == 0 || m.File == "" {
		return m, errors.New("breaks, kind, rule and file must be there")
	}
	return m, nil
}

func (m *Mutant) set(key, value string) error {
	switch key {
	case "breaks":
		m.Breaks = value
	case "kind":
		m.Kind = value
	case "rule":
		for rule := range strings.SplitSeq(value, ",") {
			m.Rules = append(m.Rules, strings.TrimSpace(rule))
		}
	case "file":
		m.File = value
	case "check":
		m.Check = strings.Fields(value)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// Apply gives the faulty source. The lines that it replaces must occur exactly once.
func (m Mutant) Apply(source []byte) ([]byte, error) {
	text := "\n" + string(source)
	before := "\n" + m.Before
	switch first := strings.Index(text, before); {
	case first < 0:
		return nil, fmt.Errorf("%s: the lines to replace are not in %s", m.ID, m.File)
	case first != strings.LastIndex(text, before):
		return nil, fmt.Errorf("%s: the lines to replace occur more than once in %s", m.ID, m.File)
	}
	return []byte(strings.Replace(text, before, "\n"+m.After, 1)[1:]), nil
}
