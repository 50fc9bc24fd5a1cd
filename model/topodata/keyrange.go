package topodata

import (
	"fmt"
	"strings"
)

// KeyRange is the part of the keyspace ids that a shard owns: from Start inclusive to End
// exclusive, both lower-case hexadecimal; an empty bound is open. Ranged is false for
// shards without a range (such as "0"), which is the zero value; it is comparable.
// spec: O-4, D-71
type KeyRange struct {
	Ranged     bool
	Start, End string
}

// ParseKeyRange reads the range out of a shard name. A name without a dash is valid and
// gives the zero KeyRange. Errors: more than one dash, a bound that is not an even number
// of hexadecimal digits, a start that does not lie below the end.
// spec: O-4, D-71
func ParseKeyRange(shard string) (KeyRange, error) {
	switch strings.Count(shard, "-") {
	case 0:
		return KeyRange{}, nil
	case 1:
	default:
		return KeyRange{}, fmt.Errorf("invalid shardId, can only contain one '-': %s", shard)
	}
	start, end, _ := strings.Cut(strings.ToLower(shard), "-")
	for _, bound := range []string{start, end} {
		if !isHexBytes(bound) {
			return KeyRange{}, fmt.Errorf("invalid key range %s: '%s' is not an even number of hexadecimal digits", shard, bound)
		}
	}
	if start != "" && end != "" && start >= end {
		return KeyRange{}, fmt.Errorf("out of order keys: %s is not strictly smaller than %s", start, end)
	}
	return KeyRange{Ranged: true, Start: start, End: end}, nil
}

// String gives the range as it stands in shard names, such as -80; no range prints nothing.
func (r KeyRange) String() string {
	if !r.Ranged {
		return ""
	}
	return r.Start + "-" + r.End
}

// Overlaps reports whether two ranges share a keyspace id. Something without a range
// overlaps nothing; callers that need Vitess's other reading (O-48) ask for Ranged first.
// spec: D-71
func (r KeyRange) Overlaps(o KeyRange) bool {
	if !r.Ranged || !o.Ranged {
		return false
	}
	return (r.End == "" || o.Start < r.End) && (o.End == "" || r.Start < o.End)
}

func isHexBytes(text string) bool {
	for i := range len(text) {
		if !strings.Contains("0123456789abcdef", text[i:i+1]) {
			return false
		}
	}
	return len(text)%2 == 0
}
