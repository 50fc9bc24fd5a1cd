package spec

import (
	"slices"
	"strings"
)

func (k *keyspace) shard(name string) *watchedShard {
	for i := range k.shards {
		if k.shards[i].name == name {
			return &k.shards[i]
		}
	}
	return nil
}

// health is a health update. Who sent it is not asked.
// spec: D-54..D-60
func (k *keyspace) health(m Message, r *Reaction) {
	if !m.IsPrimary { // spec: D-54
		return
	}
	s := k.shard(m.Shard)
	if s == nil {
		if !m.Serving { // spec: D-55
			return
		}
		k.shards = append(k.shards, watchedShard{name: m.Shard})
		slices.SortFunc(k.shards, func(a, b watchedShard) int { return strings.Compare(a.name, b.name) })
		s = k.shard(m.Shard)
	}
	if m.Serving != s.serving { // spec: D-56
		k.consistent = false
		believed := !s.waitForReparent || m.Term > s.term
		s.serving = m.Serving && believed
		if m.Serving && believed {
			s.waitForReparent = false
		}
	}
	if !m.Serving { // spec: D-57
		s.waitForReparent = false
	}
	if m.Term != 0 && m.Term > s.term { // spec: D-58
		s.term, s.primary, k.consistent = m.Term, m.Tablet, false
	}
	k.check(r) // spec: D-59
}

// newSrvKeyspace takes a value from the topology; nil is that there is none.
// spec: D-52, D-61
func (k *keyspace) newSrvKeyspace(value *SrvKeyspace, r *Reaction) {
	switch {
	case k.deleted: // nobody listens any more
	case value == nil:
		k.deleted = true
	case k.srv != nil && k.srv.equal(*value):
	default:
		was := SrvKeyspace{}
		if k.srv != nil {
			was = *k.srv
		}
		k.consistent = k.consistent && was.samePrimary(*value)
		k.srv = value
		k.check(r)
	}
}

// mark is MarkShardNotServing; it says whether the shard is known.
// spec: D-65
func (k *keyspace) mark(m Message) bool {
	s := k.shard(m.Shard)
	if s == nil {
		return false
	}
	k.consistent, s.serving = false, false
	s.waitForReparent = s.waitForReparent || m.Reparent
	return true
}

// check sends an event if everything has just become fine.
// spec: D-66
func (k *keyspace) check(r *Reaction) {
	if k.consistent || !k.fine() {
		return
	}
	k.consistent = true
	ev := KeyspaceEvent{Keyspace: k.name, MoveTables: k.moveTables}
	for _, s := range k.shards {
		ev.Shards = append(ev.Shards, Record{Shard: s.name, Primary: s.primary, Serving: s.serving})
	}
	r.Events = append(r.Events, ev)
	k.moveTables = MoveTables{}
	k.shards = slices.DeleteFunc(k.shards, func(s watchedShard) bool { return !s.serving })
}

// fine are the conditions 2 to 6.
// spec: discovery 5.4
func (k *keyspace) fine() bool {
	if !k.moveTables.none() && !k.moveTables.Switched {
		return false
	}
	if k.srv == nil || !k.srv.Primary || len(k.srv.Controls) > 0 {
		return false
	}
	for _, name := range k.srv.Shards {
		if s := k.shard(name); s == nil || !s.serving {
			return false
		}
	}
	for _, s := range k.shards {
		if s.serving && !slices.Contains(k.srv.Shards, s.name) {
			return false
		}
	}
	return true
}

// shouldBuffer answers the gateway.
// spec: D-72
func (k *keyspace) shouldBuffer(shard string) Answer {
	s := k.shard(shard)
	if s == nil {
		return Answer{}
	}
	return Answer{Primary: s.primary, Yes: !s.serving && !k.consistent && s.term != 0 && s.primary != ""}
}
