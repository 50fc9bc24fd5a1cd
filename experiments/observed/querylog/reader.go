package querylog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Reader reads a log record by record.
type Reader struct {
	name string
	in   *bufio.Scanner
	line int
}

// lineMax bounds a line: a statement with its values.
const lineMax = 64 << 20

// NewReader reads a log; name is the file's in errors.
func NewReader(name string, src io.Reader) *Reader {
	in := bufio.NewScanner(src)
	in.Buffer(nil, lineMax)
	return &Reader{name: name, in: in}
}

// Next gives the next record, or io.EOF. Empty lines are passed over. An error names
// file, line and column of what is not a record; reading may go on after it.
func (r *Reader) Next() (Record, error) {
	for r.in.Scan() {
		r.line++
		line := strings.TrimSuffix(r.in.Text(), "\r")
		if line == "" {
			continue
		}
		read := parseText
		if strings.HasPrefix(line, "{") {
			read = parseJSON
		}
		rec, err := read(line)
		if err != nil {
			return Record{}, r.at(err)
		}
		return rec, nil
	}
	if err := r.in.Err(); err != nil {
		return Record{}, fmt.Errorf("%s:%d: %w", r.name, r.line+1, err)
	}
	return Record{}, io.EOF
}

func (r *Reader) at(err error) error {
	offset := 1
	var c *columnError
	if errors.As(err, &c) {
		offset = c.offset
	}
	return fmt.Errorf("%s:%d:%d: not a record of a vtgate's query log: %w", r.name, r.line, offset, err)
}

// ReadAll reads a whole log. The first line that is no record is an error; a log
// without any record is one, too.
func ReadAll(name string, src io.Reader) ([]Record, error) {
	var list []Record
	in := NewReader(name, src)
	for {
		rec, err := in.Next()
		if err == io.EOF && len(list) == 0 {
			return nil, fmt.Errorf("%s: the log is empty; a vtgate writes one with --log_queries_to_file", name)
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, rec)
	}
}
