package conform

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Problem is something that could not be read.
type Problem struct {
	File string `json:"file"`
	// Line is 0 if the whole file is meant.
	Line int `json:"line,omitempty"`
	// What is wrong, and how to put it right.
	What string `json:"what"`
	Fix  string `json:"fix"`
}

// String is one line: where, what, fix.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where += fmt.Sprintf(":%d", p.Line)
	}
	return fmt.Sprintf("%s: %s; %s", where, p.What, p.Fix)
}

// ReadFile reads the vectors of a file; see [Read].
func ReadFile(path string) ([]Vector, []Problem) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, []Problem{{File: path, What: "this is a directory", Fix: "name the .jsonl and .jsonl.gz files in it and below it"}}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, []Problem{fileProblem(path, 0, err)}
	}
	defer func() { _ = file.Close() }() // it was only read
	return Read(path, file)
}

// Read reads vectors of any kind, packed or not, from a file of that name. What cannot be read
// is told; it costs no other line of the file, unless the file itself cannot be read on.
func Read(name string, file io.Reader) (vectors []Vector, problems []Problem) {
	for line, err := range lines(file) {
		if err != nil {
			problems = append(problems, fileProblem(name, line.number, err))
			break
		}
		v, err := parseVector(line.text)
		if err != nil {
			problems = append(problems, Problem{name, line.number, strings.TrimPrefix(err.Error(), "json: "), lineFix(err)})
			continue
		}
		v.File, v.Line = name, line.number
		vectors = append(vectors, v)
	}
	if len(vectors)+len(problems) == 0 {
		problems = append(problems, Problem{File: name, What: "there is no vector in it", Fix: "write one JSON object per line"})
	}
	return vectors, problems
}

func fileProblem(path string, line int, err error) Problem {
	p := Problem{File: path, Line: line, What: err.Error(), Fix: "the lines before it were played; get a whole copy of the file"}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.What, p.Fix = "there is no such file", "check the name"
	case line == 0:
		p.Fix = "it must be a file of JSON lines, packed by gzip or not"
	}
	return p
}

// lineFix says what to do about a line.
func lineFix(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "unknown field"):
		return "remove or correct it; testdata/conformance/README.md lists the fields"
	case strings.Contains(text, "unexpected end"), strings.Contains(text, "invalid character"):
		return "each line must hold one whole JSON object"
	default:
		return "testdata/conformance/README.md describes the form"
	}
}
