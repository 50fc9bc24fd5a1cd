package sweep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"bufsim/experiments/runner"
)

// File is a file of records that grows while a sweep is played. Each record is
// written whole, so that an interrupted program leaves whole lines, except perhaps
// for the last.
type File struct {
	path string
	f    *os.File
	// Had are the records that the file held when it was opened, without what identifies
	// their plan.
	Had []Record
	// Dropped says that the last line was cut off in the middle; it was taken away,
	// and its run is played again.
	Dropped bool
}

// OpenFile opens a file for the records of a plan: a new one, or with resume one
// with records of the same plan and version, which are kept.
func OpenFile(path string, r *Resolved, resume bool) (*File, error) {
	mode := os.O_RDWR | os.O_CREATE | os.O_EXCL
	if resume {
		mode = os.O_RDWR | os.O_CREATE
	}
	f, err := os.OpenFile(path, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already; add --resume to go on with it, or name another file", path)
	}
	if err != nil {
		return nil, err
	}
	file := &File{path: path, f: f}
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is no file that records can be kept in; name one", path), f.Close())
	}
	if err := file.read(r); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

// read takes over what the file holds and leaves it at its end.
func (f *File) read(r *Resolved) error {
	info, err := f.f.Stat()
	if err != nil {
		return err
	}
	whole, err := wholeLines(f.f, info.Size())
	if err != nil {
		return err
	}
	f.Dropped = whole < info.Size()
	in := newLines(f.path, io.NewSectionReader(f.f, 0, whole))
	for {
		rec, err := in.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			if err = r.owns(rec); err != nil {
				err = fmt.Errorf("%s:%d: %w", f.path, in.number, err)
			}
		}
		if err != nil {
			return err
		}
		f.Had = append(f.Had, counted(rec))
	}
	if err := f.f.Truncate(whole); err != nil {
		return err
	}
	_, err = f.f.Seek(whole, io.SeekStart)
	return err
}

// counted is a record without what all of the plan's share and what nobody counts, which would
// fill the memory. A fault of our own is shown with its point.
func counted(rec Record) Record {
	rec.Plan, rec.Version, rec.Seeds, rec.Hash = "", "", "", ""
	if rec.OurFault == "" {
		rec.At = nil
	}
	return rec
}

// wholeLines is the length of a file without a last line that does not end.
func wholeLines(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		from := max(0, end-int64(len(buf)))
		part := buf[:end-from]
		if _, err := f.ReadAt(part, from); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// owns checks that a record is one of this plan's.
func (r *Resolved) owns(rec Record) error {
	switch {
	case rec.Version != runner.Version:
		return fmt.Errorf("the run was played by version %s, this is %s; play the plan anew", rec.Version, runner.Version)
	case rec.Plan != r.Hash:
		return fmt.Errorf("the run is of plan %s, but this plan is %s: another scenario, release, flag or axis", rec.Plan, r.Hash)
	case rec.Seeds != r.Seeds.String():
		return fmt.Errorf("the run is one of seeds %s, but this plan has %s; write other seeds to a file of their own", rec.Seeds, r.Seeds)
	case rec.Point < 0 || rec.Point >= len(r.Points):
		return fmt.Errorf("the plan has no point %d", rec.Point)
	}
	return nil
}

// Write appends a record.
func (f *File) Write(rec Record) error {
	line, err := encode(rec)
	if err != nil {
		return err
	}
	_, err = f.f.Write(line)
	return err
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// encode is the line of a record.
func encode(rec Record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(rec)
	return b.Bytes(), err
}

// WriteNDJSON gives what writes one record a line.
func WriteNDJSON(w io.Writer) func(Record) error {
	return func(rec Record) error {
		line, err := encode(rec)
		if err == nil {
			_, err = w.Write(line)
		}
		return err
	}
}

// ReadRecords reads NDJSON; name is the file's in errors, which give the line.
func ReadRecords(name string, src io.Reader) ([]Record, error) {
	var list []Record
	in := newLines(name, src)
	for {
		rec, err := in.next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, rec)
	}
}

// lines reads records one by one.
type lines struct {
	name   string
	in     *bufio.Scanner
	number int
}

// lineMax bounds a line; a record with a stack of our own is the longest.
const lineMax = 4 << 20

func newLines(name string, src io.Reader) *lines {
	in := bufio.NewScanner(src)
	in.Buffer(nil, lineMax)
	return &lines{name: name, in: in}
}

// next gives the next record, or io.EOF.
func (l *lines) next() (rec Record, err error) {
	if !l.in.Scan() {
		if err := l.in.Err(); err != nil {
			return rec, fmt.Errorf("%s:%d: %w", l.name, l.number+1, err)
		}
		return rec, io.EOF
	}
	l.number++
	dec := json.NewDecoder(bytes.NewReader(l.in.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rec); err != nil {
		return rec, fmt.Errorf("%s:%d:%d: not a record of a sweep: %w", l.name, l.number, dec.InputOffset()+1, err)
	}
	return rec, nil
}
