package gateslap

import (
	"fmt"
	"strings"
)

// defaultSection is the section whose keys every other section inherits.
const defaultSection = "DEFAULT"

// document is a parsed .ini file before its values are given a meaning.
type document struct {
	file     string
	defaults *section
	sections []*section
}

// section is one bracketed block, its keys in the order of the file.
type section struct {
	name    string
	line    int
	entries []*entry
}

// entry is one key with the raw value, `%` not yet resolved.
type entry struct {
	key          string
	line, column int
	// hasValue is false for a key without a delimiter.
	hasValue bool
	lines    []string
}

// raw is the value as the reader joined it from its lines.
func (e *entry) raw() string { return strings.TrimRight(strings.Join(e.lines, "\n"), " \t\n\v\f") }

func (s *section) find(key string) *entry {
	for _, e := range s.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

func (d *document) section(name string) *section {
	for _, s := range d.sections {
		if s.name == name {
			return s
		}
	}
	return nil
}

// reader walks over the lines of a file as Python's configparser does.
type reader struct {
	doc     *document
	current *section
	open    *entry // the key that a deeper indented line continues
	indent  int
}

// parseDocument splits src into sections and keys.
//
// spec: W-2
func parseDocument(file string, src []byte) (*document, error) {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(src))
	r := &reader{doc: &document{file: file, defaults: &section{name: defaultSection, line: 1}}}
	for i, line := range strings.Split(text, "\n") {
		if err := r.line(i+1, line); err != nil {
			return nil, err
		}
	}
	return r.doc, nil
}

func (r *reader) line(number int, line string) error {
	value := strings.TrimSpace(line)
	if value == "" || value[0] == '#' || value[0] == ';' {
		r.blank(value == "")
		return nil
	}
	indent := strings.Index(line, value)
	if r.open != nil && indent > r.indent {
		return r.continuation(number, indent, value)
	}
	r.indent = indent
	if end := strings.LastIndexByte(value, ']'); value[0] == '[' && end > 1 {
		return r.header(number, indent+1, value[1:end])
	}
	return r.option(number, indent+1, value)
}

// blank keeps an empty line inside a value that goes on below it; a comment
// line is dropped without a trace. Empty lines at the end of a value are cut
// off when it is read.
func (r *reader) blank(empty bool) {
	if empty && r.open != nil && r.open.hasValue {
		r.open.lines = append(r.open.lines, "")
	}
}

func (r *reader) continuation(number, indent int, value string) error {
	if !r.open.hasValue {
		return r.errorAt(number, indent+1, r.current.name, r.open.key,
			fmt.Sprintf("indented line %q after a key without a value", value),
			"an indented line continues the value above it, and there is none",
			"remove the indentation, or write `"+r.open.key+"=` above")
	}
	r.open.lines = append(r.open.lines, value)
	return nil
}

func (r *reader) header(number, column int, name string) error {
	r.open = nil
	if name == defaultSection {
		r.current = r.doc.defaults
		return nil
	}
	if first := r.doc.section(name); first != nil {
		return r.errorAt(number, column, name, "", "the section appears twice",
			fmt.Sprintf("it began in line %d already", first.line), "merge the two blocks")
	}
	r.current = &section{name: name, line: number}
	r.doc.sections = append(r.doc.sections, r.current)
	return nil
}

func (r *reader) option(number, column int, value string) error {
	if r.current == nil {
		return r.errorAt(number, column, "", "", fmt.Sprintf("%q stands before any section", value),
			"every key belongs to a section", "begin the file with a header such as [mysql]")
	}
	key, text, hasValue := cutOption(value)
	if key == "" {
		return r.errorAt(number, column, r.current.name, "", fmt.Sprintf("%q has no key", value),
			"a line is `key=value`, `key: value` or a bare key", "write the key in front of the delimiter")
	}
	e := &entry{key: key, line: number, column: column, hasValue: hasValue}
	if hasValue {
		e.lines = []string{text}
	}
	if first := r.current.find(e.key); first != nil {
		return r.errorAt(number, column, r.current.name, e.key, "the key appears twice in its section",
			fmt.Sprintf("it was set in line %d already", first.line), "remove one of the two lines")
	}
	r.current.entries = append(r.current.entries, e)
	r.open = e
	return nil
}

// cutOption splits a line at its first delimiter, of which a bare key has none.
func cutOption(s string) (key, value string, hasValue bool) {
	if i := strings.IndexAny(s, "=:"); i >= 0 {
		key, value, hasValue = s[:i], strings.TrimSpace(s[i+1:]), true
	} else {
		key = s
	}
	return strings.ToLower(strings.TrimSpace(key)), value, hasValue
}

func (r *reader) errorAt(line, column int, section, key, what, why, fix string) error {
	return &Error{
		File: r.doc.file, Line: line, Column: column,
		Section: section, Key: key, What: what, Why: why, Fix: fix,
	}
}
