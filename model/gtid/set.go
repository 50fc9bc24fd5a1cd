package gtid

import (
	"math"
	"slices"
)

// interval is the transactions first to last, both included.
type interval struct{ first, last int64 }

// server is the transactions of one server in a set.
type server struct {
	uuid      UUID
	intervals []interval
}

// Set is a set of transactions. The zero value is the empty set, ready to use. See the
// package comment on sharing.
type Set struct {
	servers []server
}

// Clone gives a set that shares nothing with this one.
func (s Set) Clone() Set {
	servers := slices.Clone(s.servers)
	for i := range servers {
		servers[i].intervals = slices.Clone(servers[i].intervals)
	}
	return Set{servers: servers}
}

// IsEmpty reports whether the set holds nothing.
func (s Set) IsEmpty() bool { return len(s.servers) == 0 }

// Count gives the number of transactions.
func (s Set) Count() int64 {
	var n int64
	for _, sv := range s.servers {
		for _, iv := range sv.intervals {
			n += iv.last - iv.first + 1
		}
	}
	return n
}

// Servers lists the servers with transactions in the set, sorted.
func (s Set) Servers() []UUID {
	var out []UUID
	for _, sv := range s.servers {
		out = append(out, sv.uuid)
	}
	return out
}

// Last gives the highest transaction number of a server, zero if it has none.
func (s Set) Last(uuid UUID) int64 {
	at, found := s.find(uuid)
	if !found {
		return 0
	}
	ivs := s.servers[at].intervals
	return ivs[len(ivs)-1].last
}

// Next gives the number that the server's next own transaction gets.
// spec: T-100
func (s Set) Next(uuid UUID) int64 { return s.Last(uuid) + 1 }

// Has reports whether one transaction is in the set.
func (s Set) Has(uuid UUID, number int64) bool {
	at, found := s.find(uuid)
	if !found {
		return false
	}
	ivs := s.servers[at].intervals
	i := firstEndingAt(ivs, number)
	return i < len(ivs) && ivs[i].first <= number
}

// Add puts one transaction into the set; adding the next number of a known server takes
// constant time and no memory. Numbers below 1 do not exist and are ignored.
func (s *Set) Add(uuid UUID, number int64) { s.AddRange(uuid, number, number) }

// AddRange puts the transactions first to last into the set. Numbers below 1 do not exist
// and are ignored, and so is a range that ends before it starts.
func (s *Set) AddRange(uuid UUID, first, last int64) {
	first, last = max(first, 1), min(last, math.MaxInt64-1) // so that last+1 exists
	if last < first {
		return
	}
	at, found := s.find(uuid)
	if !found {
		s.servers = slices.Insert(s.servers, at, server{uuid: uuid, intervals: []interval{{first, last}}})
		return
	}
	s.servers[at].add(interval{first, last})
}

// AddSet puts all transactions of another set into this one, which shares nothing with it
// afterwards.
func (s *Set) AddSet(o Set) {
	for _, sv := range o.servers {
		for _, iv := range sv.intervals {
			s.AddRange(sv.uuid, iv.first, iv.last)
		}
	}
}

// Remove takes all transactions of one server out of the set.
// spec: T-102, R-37
func (s *Set) Remove(uuid UUID) {
	if at, found := s.find(uuid); found {
		s.servers = slices.Delete(slices.Clone(s.servers), at, at+1)
	}
}

// find gives the place of a server, or where it would be inserted.
func (s Set) find(uuid UUID) (int, bool) {
	return slices.BinarySearchFunc(s.servers, uuid, func(sv server, u UUID) int { return sv.uuid.Compare(u) })
}

// firstEndingAt gives the index of the first interval that ends at number or later. The
// search starts at the end, where a live server adds.
func firstEndingAt(ivs []interval, number int64) int {
	if n := len(ivs); n == 0 || ivs[n-1].last < number {
		return n
	}
	i, _ := slices.BinarySearchFunc(ivs, number, func(iv interval, n int64) int {
		if iv.last < n {
			return -1
		}
		return 1
	})
	return i
}

// add merges one interval in.
func (sv *server) add(iv interval) {
	ivs := sv.intervals
	from := firstEndingAt(ivs, iv.first-1) // touching intervals merge
	to := from
	for to < len(ivs) && ivs[to].first-1 <= iv.last {
		iv.first = min(iv.first, ivs[to].first)
		iv.last = max(iv.last, ivs[to].last)
		to++
	}
	if to == from {
		sv.intervals = slices.Insert(ivs, from, iv)
		return
	}
	ivs[from] = iv
	sv.intervals = slices.Delete(ivs, from+1, to)
}
