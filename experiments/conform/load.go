package conform

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Load reads a file of vectors of one kind, one JSON object per line, packed by gzip or not.
// Unknown fields are errors: a vector must not be played in part.
func Load[V any](path string) (vectors []V, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	for line, err := range lines(file) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var v V
		if err := decodeStrictly(line.text, &v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line.number, err)
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// numberedLine is a line of a file; the first is number 1.
type numberedLine struct {
	number int
	text   []byte
}

// lines gives the lines of a file that are not empty. Its content says whether it is packed.
// An error is the last thing it gives; the line number with it is where the file stopped.
func lines(file io.Reader) iter.Seq2[numberedLine, error] {
	return func(yield func(numberedLine, error) bool) {
		in, err := unpacked(file)
		if err != nil {
			yield(numberedLine{}, err)
			return
		}
		for n := 1; ; n++ {
			text, err := in.ReadBytes('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				yield(numberedLine{number: n}, err)
				return
			}
			if text = bytes.TrimSpace(text); len(text) > 0 && !yield(numberedLine{n, text}, nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// unpacked reads a file through gzip if it begins as such a file does.
func unpacked(file io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReader(file)
	if head, _ := in.Peek(2); string(head) != "\x1f\x8b" {
		return in, nil
	}
	packed, err := gzip.NewReader(in)
	return bufio.NewReader(packed), err
}

// decodeStrictly reads one JSON value that must be all of the text.
func decodeStrictly(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("there is more behind the object")
	}
	return nil
}
