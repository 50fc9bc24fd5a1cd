package toposerver

import (
	"slices"
	"sort"
	"strings"

	"bufsim/topo/wire"
)

// historyMax is how many changes the server remembers; older ones are compacted.
const historyMax = 1000

// history is the past of the keys, for reads of old versions. spec: O-18
type history struct {
	changes   []version          // by revision
	compacted int64              // of what happened up to here, only the result is known
	base      map[string]version // that result
}

// version is a key's value from a revision on.
type version struct {
	key      string
	revision int64
	value    any
	deleted  bool
}

func (h *history) add(v version) {
	h.changes = append(h.changes, v)
	if len(h.changes) < 2*historyMax { // copy seldom
		return
	}
	cut := len(h.changes) - historyMax
	if h.base == nil {
		h.base = map[string]version{}
	}
	for _, old := range h.changes[:cut] {
		h.base[old.key] = old
		if old.deleted {
			delete(h.base, old.key)
		}
	}
	h.compacted = h.changes[cut-1].revision
	h.changes = slices.Clone(h.changes[cut:])
}

// at gives what a key held at a revision that is not forgotten; ok is false if it did
// not exist.
func (h *history) at(key string, revision int64) (v version, ok bool) {
	v, ok = h.base[key]
	for _, c := range h.changes {
		if c.key == key && c.revision <= revision {
			v, ok = c, !c.deleted
		}
	}
	return v, ok
}

// since gives the changes of keys with a prefix from a revision on.
func (h *history) since(revision int64, prefix string) []version {
	from := sort.Search(len(h.changes), func(i int) bool { return h.changes[i].revision >= revision })
	var list []version
	for _, c := range h.changes[from:] {
		if strings.HasPrefix(c.key, prefix) {
			list = append(list, c)
		}
	}
	return list
}

// readPast reads a key as it was; mu is held.
func (s *Store) readPast(req wire.RangeRequest) (any, error) {
	resp := wire.RangeResponse{Revision: s.revision}
	if req.At < s.past.compacted {
		return resp, wire.ErrCompacted
	}
	if v, ok := s.past.at(req.Key, req.At); ok {
		resp.KVs = []wire.KeyValue{{Key: req.Key, Value: v.value, Revision: v.revision}}
	}
	return resp, nil
}
