package gtid

import "slices"

// Union gives the transactions that are in either set.
// spec: T-102
func (s Set) Union(o Set) Set {
	out := s.Clone()
	out.AddSet(o)
	return out
}

// Intersect gives the transactions that are in both sets.
// spec: T-102
func (s Set) Intersect(o Set) Set {
	var out Set
	for _, sv := range s.servers {
		if at, found := o.find(sv.uuid); found {
			out.put(sv.uuid, intersect(sv.intervals, o.servers[at].intervals))
		}
	}
	return out
}

// Difference gives the transactions that are in this set and not in the other.
// spec: T-102, R-37
func (s Set) Difference(o Set) Set {
	var out Set
	for _, sv := range s.servers {
		at, found := o.find(sv.uuid)
		if !found {
			out.put(sv.uuid, slices.Clone(sv.intervals))
			continue
		}
		out.put(sv.uuid, subtract(sv.intervals, o.servers[at].intervals))
	}
	return out
}

// Without gives the set less all transactions of one server.
// spec: T-102, R-37
func (s Set) Without(uuid UUID) Set {
	out := s.Clone()
	out.Remove(uuid)
	return out
}

// Contains reports whether this set holds every transaction of the other (is at least it).
// Two sets may each lack something of the other.
// spec: T-102
func (s Set) Contains(o Set) bool {
	for _, sv := range o.servers {
		at, found := s.find(sv.uuid)
		if !found {
			return false
		}
		mine := s.servers[at].intervals
		for _, iv := range sv.intervals {
			i := firstEndingAt(mine, iv.last)
			if i == len(mine) || mine[i].first > iv.first {
				return false
			}
		}
	}
	return true
}

// Equal reports whether two sets hold the same transactions.
func (s Set) Equal(o Set) bool {
	return slices.EqualFunc(s.servers, o.servers, func(a, b server) bool {
		return a.uuid == b.uuid && slices.Equal(a.intervals, b.intervals)
	})
}

// put appends a server that sorts after all present ones, unless it has no transactions.
func (s *Set) put(uuid UUID, ivs []interval) {
	if len(ivs) > 0 {
		s.servers = append(s.servers, server{uuid: uuid, intervals: ivs})
	}
}

func intersect(a, b []interval) []interval {
	var out []interval
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if both := (interval{max(a[i].first, b[j].first), min(a[i].last, b[j].last)}); both.first <= both.last {
			out = append(out, both)
		}
		if a[i].last < b[j].last {
			i++
		} else {
			j++
		}
	}
	return out
}

func subtract(a, b []interval) []interval {
	var out []interval
	j := 0
	for _, rest := range a {
		for j < len(b) && b[j].last < rest.first {
			j++
		}
		for k := j; k < len(b) && b[k].first <= rest.last; k++ {
			if rest.first < b[k].first {
				out = append(out, interval{rest.first, b[k].first - 1})
			}
			rest.first = b[k].last + 1
		}
		if rest.first <= rest.last {
			out = append(out, rest)
		}
	}
	return out
}
