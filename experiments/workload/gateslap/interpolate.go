package gateslap

import (
	"fmt"
	"strings"
)

// Bounds on references between keys.
const (
	// interpolationDepthMax is how deep `%(name)s` references may nest.
	interpolationDepthMax = 10
	// interpolationsMax is how many references one value may lead to, so that
	// a small file cannot grow into a huge value.
	interpolationsMax = 1000
)

// lookup finds a key in the section or, failing that, among the defaults.
func (d *document) lookup(s *section, key string) *entry {
	if s != nil {
		if e := s.find(key); e != nil {
			return e
		}
	}
	return d.defaults.find(key)
}

// value resolves the `%` signs of a value: `%%` is one percent sign,
// `%(name)s` the value of another key, anything else a mistake.
//
// spec: W-2
func (d *document) value(s *section, e *entry) (string, error) {
	x := &expansion{doc: d, section: s, entry: e}
	if err := x.expand(e.raw(), 1); err != nil {
		return "", err
	}
	return x.out.String(), nil
}

// expansion is the work on one value.
type expansion struct {
	doc        *document
	section    *section
	entry      *entry
	references int
	out        strings.Builder
}

func (x *expansion) expand(text string, depth int) error {
	if depth > interpolationDepthMax {
		return x.fail("references nest too deep", "remove the circle of references")
	}
	for {
		before, rest, found := strings.Cut(text, "%")
		x.out.WriteString(before)
		if !found {
			return nil
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			x.out.WriteByte('%')
			text = after
			continue
		}
		name, after, ok := strings.Cut(strings.TrimPrefix(rest, "("), ")s")
		if !strings.HasPrefix(rest, "(") || !ok {
			return x.fail(fmt.Sprintf("lone %% in %q", x.entry.raw()), "write `%%` for a percent sign")
		}
		if err := x.reference(name, depth); err != nil {
			return err
		}
		text = after
	}
}

func (x *expansion) reference(name string, depth int) error {
	other := x.doc.lookup(x.section, strings.ToLower(name))
	if other == nil {
		return x.fail(fmt.Sprintf("reference to the unknown key %q", name), "define that key, or write `%%` for a percent sign")
	}
	if x.references++; x.references > interpolationsMax {
		return x.fail("the value leads to too many references", "write it out")
	}
	return x.expand(other.raw(), depth+1)
}

func (x *expansion) fail(what, fix string) error {
	return &Error{
		File: x.doc.file, Line: x.entry.line, Column: x.entry.column, Section: x.section.name, Key: x.entry.key,
		What: what, Why: "`%` begins a reference to another key", Fix: fix,
	}
}
