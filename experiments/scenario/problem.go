package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one mistake in a scenario file.
type Problem struct {
	// File is the name given to [Load].
	File string
	// Line and Column are the place, both counted from 1.
	Line, Column int
	// Path names the value, such as `cluster.gates[0].count`; "" is the file.
	Path string
	// What is wrong.
	What string
	// Fix says what may be written instead; it may be empty.
	Fix string
	// Source is the line of the file.
	Source string
}

// Error prints the place and the mistake, the source line with a caret under
// the place, and how to fix it.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.What)
	if p.Source != "" {
		fmt.Fprintf(&b, "\n%5d | %s\n      | %s^", p.Line, p.Source, margin(p.Source, p.Column))
	}
	if p.Fix != "" {
		b.WriteString("\n      = " + p.Fix)
	}
	return b.String()
}

// margin is what stands before the caret; tabs are kept so that it lines up.
func margin(source string, column int) string {
	var b strings.Builder
	for _, r := range source {
		if column--; column <= 0 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Problems are all mistakes that one reading of a file found, in the order of
// the file. It is the error type of [Load].
type Problems []*Problem

// Error prints every problem, one after the other.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// collector gathers problems while a file is read and checked.
type collector struct {
	file     string
	lines    []string
	problems Problems
}

func newCollector(file string, src []byte) *collector {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(src))
	return &collector{file: file, lines: strings.Split(text, "\n")}
}

// add records a problem at a place.
func (c *collector) add(at place, path, what, fix string) {
	p := &Problem{File: c.file, Line: max(at.line, 1), Column: max(at.column, 1), Path: path, What: what, Fix: fix}
	if p.Line <= len(c.lines) {
		p.Source = c.lines[p.Line-1]
		if !utf8.ValidString(p.Source) {
			p.Source = strings.ToValidUTF8(p.Source, "�")
		}
	}
	c.problems = append(c.problems, p)
}

// err returns the problems sorted by place and path, or nil.
func (c *collector) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(c.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return c.problems
}

// place is a position in the file, counted from 1.
type place struct{ line, column int }
