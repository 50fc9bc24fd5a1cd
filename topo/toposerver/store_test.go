package toposerver

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/topo/wire"
)

// model is the obvious store: what each key holds and since when.
type model struct {
	revision int64
	values   map[string]int
	modified map[string]int64
}

// The store does what a map with a counter does. spec: I-O1
func TestStoreIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Store{}
		s.clear()
		m := model{values: map[string]int{}, modified: map[string]int64{}}
		keys := rapid.SampledFrom([]string{"a", "a/b", "a/c", "a-b", "b/a"})
		t.Repeat(map[string]func(*rapid.T){
			"put":    func(t *rapid.T) { m.put(t, s, keys.Draw(t, "key"), drawCompare(t, m)) },
			"delete": func(t *rapid.T) { m.delete(t, s, keys.Draw(t, "key"), drawCompare(t, m)) },
			"":       func(t *rapid.T) { m.compare(t, s) },
		})
	})
}

func drawCompare(t *rapid.T, m model) wire.Compare {
	return wire.Compare{Active: rapid.Bool().Draw(t, "active"), Revision: rapid.Int64Range(0, m.revision).Draw(t, "revision")}
}

// allows says whether the condition holds; a missing key has the revision zero.
func (m *model) allows(key string, c wire.Compare) bool {
	return !c.Active || m.modified[key] == c.Revision
}

func (m *model) put(t *rapid.T, s *Store, key string, c wire.Compare) {
	value := rapid.Int().Draw(t, "value")
	resp := s.put(wire.PutRequest{Key: key, Value: value, Compare: c})
	require.Equal(t, m.allows(key, c), resp.Applied)
	if resp.Applied {
		m.revision++
		m.values[key], m.modified[key] = value, m.revision
	}
	require.Equal(t, m.revision, resp.Revision)
}

func (m *model) delete(t *rapid.T, s *Store, key string, c wire.Compare) {
	_, exists := m.values[key]
	resp := s.delete(wire.DeleteRequest{Key: key, Compare: c})
	require.Equal(t, exists, resp.Existed)
	require.Equal(t, exists && m.allows(key, c), resp.Applied)
	if resp.Applied {
		m.revision++
		delete(m.values, key)
		delete(m.modified, key)
	}
}

func (m *model) compare(t *rapid.T, s *Store) {
	for _, prefix := range []string{"", "a", "a/", "b/a", "c"} {
		var want []string
		for _, key := range slices.Sorted(maps.Keys(m.values)) {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		var got []string
		for _, kv := range s.read(wire.RangeRequest{Key: prefix, Prefix: true}).KVs {
			got = append(got, kv.Key)
			require.Equal(t, m.values[kv.Key], kv.Value)
			require.Equal(t, m.modified[kv.Key], kv.Revision)
		}
		require.Equal(t, want, got)
	}
	one := s.read(wire.RangeRequest{Key: "a"})
	require.Equal(t, m.revision, one.Revision)
	_, exists := m.values["a"]
	require.Equal(t, exists, len(one.KVs) == 1)
}
