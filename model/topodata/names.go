package topodata

import (
	"errors"
	"fmt"
	"strings"
)

// nameLengthMax is the longest name of a cell, keyspace or shard, in characters.
// spec: O-4
const nameLengthMax = 64

// ErrEmptyName is the error for a name without characters.
var ErrEmptyName = errors.New("empty name")

// ValidateName checks the name of a cell, keyspace or shard: not empty, at most 64
// characters, only letters, digits, dash and underscore.
// spec: O-4
func ValidateName(name string) error {
	if name == "" {
		return ErrEmptyName
	}
	if len(name) > nameLengthMax {
		return fmt.Errorf("name %v is too long", name)
	}
	for _, r := range name {
		if r > 127 || !isNameByte(byte(r)) {
			return fmt.Errorf("invalid character %s in name %s", string(r), name)
		}
	}
	return nil
}

// ValidateShardName checks a shard name and returns the form under which the shard is
// stored, with its key range. A name with a dash must be a valid range and is
// lower-cased; a name without one has no range.
// spec: O-4
func ValidateShardName(name string) (string, KeyRange, error) {
	if err := ValidateName(name); err != nil {
		return "", KeyRange{}, err
	}
	r, err := ParseKeyRange(name)
	if err != nil {
		return "", KeyRange{}, err
	}
	if r.Ranged {
		name = strings.ToLower(name)
	}
	return name, r, nil
}

func isNameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}
