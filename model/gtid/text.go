package gtid

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// flavour is the prefix of position texts.
// spec: T-101
const flavour = "MySQL56/"

// String gives the text form `uuid:1-5:8,uuid2:3`; the empty set prints nothing. This is
// the form inside "timed out waiting for position".
// spec: T-101
func (s Set) String() string {
	var b strings.Builder
	for i, sv := range s.servers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(sv.uuid.String())
		for _, iv := range sv.intervals {
			b.WriteByte(':')
			b.WriteString(strconv.FormatInt(iv.first, 10))
			if iv.last != iv.first {
				b.WriteByte('-')
				b.WriteString(strconv.FormatInt(iv.last, 10))
			}
		}
	}
	return b.String()
}

// ParseSet reads the text form. Uuids may be in upper case, repeated and in any order,
// intervals may overlap, and blanks around parts are skipped, as MySQL allows.
// spec: T-101
func ParseSet(text string) (Set, error) {
	var s Set
	if strings.TrimSpace(text) == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, rest, found := strings.Cut(part, ":")
		if !found {
			return Set{}, fmt.Errorf("invalid GTID set %q: %q has no intervals", text, part)
		}
		uuid, err := ParseUUID(strings.TrimSpace(name))
		if err != nil {
			return Set{}, fmt.Errorf("invalid GTID set %q: %w", text, err)
		}
		for ivText := range strings.SplitSeq(rest, ":") {
			first, last, err := parseInterval(ivText)
			if err != nil {
				return Set{}, fmt.Errorf("invalid GTID set %q: %w", text, err)
			}
			s.AddRange(uuid, first, last)
		}
	}
	return s, nil
}

func parseInterval(text string) (first, last int64, err error) {
	firstText, lastText, isRange := strings.Cut(text, "-")
	if first, err = parseNumber(firstText); err != nil {
		return 0, 0, err
	}
	if !isRange {
		return first, first, nil
	}
	if last, err = parseNumber(lastText); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, fmt.Errorf("interval %q ends before it starts", text)
	}
	return first, last, nil
}

func parseNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 1 || n == math.MaxInt64 {
		return 0, fmt.Errorf("transaction number %q: want 1 to %d", text, int64(math.MaxInt64-1))
	}
	return n, nil
}

// EncodePosition gives a set as a position: the text form after `MySQL56/`.
// spec: T-101
func EncodePosition(s Set) string { return flavour + s.String() }

// DecodePosition reads a position text. The flavour is required.
// spec: T-101
func DecodePosition(text string) (Set, error) {
	set, found := strings.CutPrefix(text, flavour)
	if !found {
		return Set{}, fmt.Errorf("invalid position %q: want it to start with %s", text, flavour)
	}
	return ParseSet(set)
}
