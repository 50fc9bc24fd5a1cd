package spec

import (
	"encoding/hex"
	"strings"
)

// askResharded answers whether a shard seems to be replaced by others. The others are looked at in
// any order until one decides. [ND]
// spec: D-71, D-102
func (w Watcher) askResharded(m Message) []Reaction {
	r := Reaction{}
	ks := w.find(m.Keyspace, &r)
	answers := []bool{false}
	if ks != nil && !ks.consistent && ks.moveTables.none() {
		answers = ks.resharded(m.Shard, w.behaviors.ReshardOverlapOnly)
	}
	r.Watcher = w
	var all []Reaction
	for _, yes := range answers {
		r.Answer.Yes = yes
		all = append(all, r)
	}
	return all
}

func (k *keyspace) resharded(shard string, overlapOnly bool) []bool {
	mine, ranged := parseRange(shard)
	if overlapOnly && !ranged {
		return []bool{false}
	}
	odd, overlapping := false, false
	for _, other := range k.shards {
		if other.name == shard || !other.serving {
			continue
		}
		theirs, ranged := parseRange(other.name)
		switch {
		case !overlapOnly:
			return []bool{true}
		case !ranged:
			odd = true
		default:
			overlapping = overlapping || mine.overlaps(theirs)
		}
	}
	if odd && overlapping {
		return []bool{false, true}
	}
	return []bool{overlapping}
}

// keyRange is from a first to before a last keyspace id; an empty bound is open.
type keyRange struct{ from, to string }

// parseRange reads a shard name; it reports false for one without a range or with a wrong one.
// spec: D-71
func parseRange(shard string) (keyRange, bool) {
	if strings.Count(shard, "-") != 1 {
		return keyRange{}, false
	}
	from, to, _ := strings.Cut(shard, "-")
	lo, err1 := hex.DecodeString(from)
	hi, err2 := hex.DecodeString(to)
	r := keyRange{string(lo), string(hi)}
	return r, err1 == nil && err2 == nil && (r.to == "" || r.from < r.to)
}

func (r keyRange) overlaps(o keyRange) bool {
	return (r.to == "" || o.from < r.to) && (o.to == "" || r.from < o.to)
}
