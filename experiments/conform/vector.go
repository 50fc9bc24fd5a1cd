package conform

import (
	"encoding/json"
	"errors"
	"fmt"

	"bufsim/model/release"
)

// Kind says what a vector is about.
type Kind string

// The kinds.
const (
	KindBuffer    Kind = "buffer"
	KindFlags     Kind = "flags"
	KindClassify  Kind = "classify"
	KindDiscovery Kind = "discovery"
)

// Vector is a vector of any kind, ready to be played.
type Vector struct {
	ID   string
	Kind Kind
	// File and Line are where it was read.
	File string
	Line int
	// Buffer is set for that kind only.
	Buffer *BufferVector
	check  func() Result
}

// Check plays the vector as the behaviour that it was recorded from, and compares.
func (v Vector) Check() Result { return v.check() }

// shape are the fields of a line that tell the kinds apart.
type shape struct {
	Impl           string           `json:"impl"`
	Steps          *json.RawMessage `json:"steps"`
	ExpectFailover *bool            `json:"expect_failover"`
	ExpectError    *string          `json:"expect_error"`
	ExpectOneOf    *json.RawMessage `json:"expect_one_of"`
	Config         struct {
		KeyspacesAtStart []string `json:"keyspaces_at_start"`
	} `json:"config"`
}

func (s shape) kind() (Kind, error) {
	switch {
	case s.ExpectFailover != nil:
		return KindClassify, nil
	case s.ExpectError != nil:
		return KindFlags, nil
	case s.Steps == nil:
		return "", errors.New("no steps, no expect_failover and no expect_error: it is no vector of a known kind")
	case s.Impl == "" && s.ExpectOneOf == nil && len(s.Config.KeyspacesAtStart) > 0:
		return KindDiscovery, nil
	default:
		return KindBuffer, nil
	}
}

// parseVector reads one line. Its kind follows from its fields.
func parseVector(text []byte) (Vector, error) {
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		return Vector{}, err
	}
	kind, err := s.kind()
	if err != nil {
		return Vector{}, err
	}
	switch kind {
	case KindClassify:
		return vectorOf(text, kind, func(v *ClassifyVector) (string, func() Result, error) {
			return v.ID, func() Result { return CheckClassify(*v, Newest()) }, nil
		})
	case KindFlags:
		return vectorOf(text, kind, func(v *FlagsVector) (string, func() Result, error) {
			return v.ID, func() Result { return CheckFlags(*v, release.Latest()) }, nil
		})
	case KindDiscovery:
		return vectorOf(text, kind, func(v *DiscoveryVector) (string, func() Result, error) {
			return v.ID, func() Result { return CheckDiscovery(*v, Recorded(), nil, "default") }, v.check()
		})
	default:
		var buffer *BufferVector
		all, err := vectorOf(text, kind, func(v *BufferVector) (string, func() Result, error) {
			buffer = v
			return v.ID, func() Result { return CheckBuffer(*v, Newest()) }, v.check()
		})
		all.Buffer = buffer
		return all, err
	}
}

// vectorOf reads a line of one kind.
func vectorOf[V any](text []byte, kind Kind, make func(*V) (string, func() Result, error)) (Vector, error) {
	v := new(V)
	if err := decodeStrictly(text, v); err != nil {
		return Vector{}, err
	}
	id, check, err := make(v)
	if err == nil && id == "" {
		err = errors.New("the vector has no id")
	}
	return Vector{ID: id, Kind: kind, check: check}, err
}

// check refuses what the player does not know.
func (v *BufferVector) check() error {
	if v.Expect == nil && len(v.ExpectOneOf) == 0 {
		return errors.New("neither expect nor expect_one_of: there is nothing to compare with")
	}
	return (&bufferPlayer{vector: *v}).check()
}

// check refuses what the player does not know.
func (v *DiscoveryVector) check() error {
	if v.Expect == nil {
		return errors.New("no expect: there is nothing to compare with")
	}
	for _, t := range v.Tablets {
		if err := errors.Join(checkAlias(t.Alias), checkType(t.Type)); err != nil {
			return err
		}
	}
	for i, s := range v.Steps {
		if err := v.checkStep(s); err != nil {
			return fmt.Errorf("%s: step %d: %w", v.ID, i+1, err)
		}
	}
	return nil
}
