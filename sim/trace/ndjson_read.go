package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ReadError says which line of an NDJSON trace could not be read, and why.
type ReadError struct {
	Line int // from 1
	Err  error
}

// Error implements error.
func (e *ReadError) Error() string { return fmt.Sprintf("trace line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *ReadError) Unwrap() error { return e.Err }

// ReadNDJSON reads what [WriteNDJSON] wrote. It is strict: a missing header,
// another version, unknown keys and anything but one object per line are a
// [*ReadError]; the events before it are returned as well.
func ReadNDJSON(r io.Reader) ([]Event, error) {
	in := bufio.NewReader(r)
	var events []Event
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return events, err
		}
		last := err == io.EOF
		if last && len(line) == 0 && n > 1 {
			return events, nil
		}
		if n == 1 {
			err = readHeader(line)
		} else {
			var e Event
			if e, err = readEvent(line); err == nil {
				events = append(events, e)
			}
		}
		if err != nil {
			return events, &ReadError{n, err}
		}
		if last {
			return events, nil
		}
	}
}

func readHeader(line []byte) error {
	var header struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := strict(line, &header); err != nil {
		return fmt.Errorf("no header of a trace: %w", err)
	}
	if header.Format != Format || header.Version != Version {
		return fmt.Errorf("format %q version %d, want %q version %d", header.Format, header.Version, Format, Version)
	}
	return nil
}

func readEvent(line []byte) (Event, error) {
	var e struct {
		Time   int64     `json:"t"`
		Step   uint64    `json:"step"`
		Cause  uint64    `json:"cause"`
		Host   string    `json:"host"`
		Inc    uint32    `json:"inc"`
		Proc   string    `json:"proc"`
		Kind   Kind      `json:"kind"`
		Fields fieldList `json:"fields"`
	}
	if err := strict(line, &e); err != nil {
		return Event{}, err
	}
	if e.Kind == "" {
		return Event{}, errors.New("an event without a kind")
	}
	return Event{
		Time: e.Time, Step: e.Step, Cause: e.Cause, Host: e.Host, Incarnation: e.Inc, Proc: e.Proc, Kind: e.Kind, Fields: e.Fields,
	}, nil
}

// strict decodes exactly one JSON value without unknown keys.
func strict(line []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

// fieldList decodes an object in the order of its keys.
type fieldList []Field

// UnmarshalJSON implements json.Unmarshaler.
func (l *fieldList) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("fields is not an object")
	}
	*l = nil
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		value, err := dec.Token()
		if err != nil {
			return err
		}
		f, err := field(key.(string), value)
		if err != nil {
			return err
		}
		*l = append(*l, f)
	}
	return nil
}

func field(key string, value json.Token) (Field, error) {
	switch v := value.(type) {
	case string:
		return Str(key, v), nil
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			return Field{}, fmt.Errorf("field %q: %w", key, err)
		}
		return Int(key, n), nil
	}
	return Field{}, fmt.Errorf("field %q is neither a string nor an integer", key)
}
