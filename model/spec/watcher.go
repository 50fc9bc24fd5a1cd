package spec

import (
	"slices"
	"strings"

	"bufsim/model/release"
)

// Watcher is the state of a keyspace event watcher and of the topology around it, as a plain value.
// Step gives what follows from one message.
// spec: discovery 5
type Watcher struct {
	behaviors release.Behaviors
	keyspaces []keyspace // sorted by name
	serving   []SrvKeyspace
	vschema   *VSchema
	denied    []deniedTables
}

// keyspace is what the watcher knows of one keyspace.
type keyspace struct {
	name                string
	deleted, consistent bool
	srv                 *SrvKeyspace
	moveTables          MoveTables
	shards              []watchedShard // sorted by name
}

// watchedShard is what it knows of one shard.
type watchedShard struct {
	name                     string
	serving, waitForReparent bool
	// term is the highest one seen, primary the tablet that had it.
	term    int64
	primary string
}

// deniedTables is what the shard record in the topology says.
type deniedTables struct {
	keyspace, shard string
	tables          []string
}

// MoveTables is how far a MoveTables is.
// spec: D-63
type MoveTables struct {
	ByShard, Regular bool // at most one is set; neither is type None
	Switched         bool // else Switching
}

func (m MoveTables) none() bool { return !m.ByShard && !m.Regular }

// SrvKeyspace is the serving graph of a keyspace.
type SrvKeyspace struct {
	Keyspace string
	// Primary: it has a partition of type PRIMARY, with these shards and shard tablet controls.
	Primary          bool
	Shards, Controls []string
	// Replicas are the shards of the partition of type REPLICA, which does not matter.
	Replicas []string
}

func (s SrvKeyspace) equal(o SrvKeyspace) bool {
	return s.samePrimary(o) && slices.Equal(s.Replicas, o.Replicas)
}

// samePrimary: the PRIMARY partition is the same, or absent in both.
func (s SrvKeyspace) samePrimary(o SrvKeyspace) bool {
	return s.Primary == o.Primary && slices.Equal(s.Shards, o.Shards) && slices.Equal(s.Controls, o.Controls)
}

// VSchema holds the routing rules.
type VSchema struct {
	Rules      []TableRule
	ShardRules []ShardRule
}

// TableRule sends a table elsewhere.
type TableRule struct {
	From string
	To   []string
}

// ShardRule sends a shard elsewhere.
type ShardRule struct{ FromKeyspace, ToKeyspace, Shard string }

// Message is something that reaches the watcher, in the order in which it does.
type Message struct {
	Kind            MessageKind
	Keyspace, Shard string
	// Of a health update: the sender, whether its target type is PRIMARY, and what it says.
	Tablet    string
	IsPrimary bool
	Serving   bool
	Term      int64
	// Reparent is the argument of a mark.
	Reparent bool
	// Value, VSchema and Tables are new values in the topology.
	Value   SrvKeyspace
	VSchema VSchema
	Tables  []string
}

// MessageKind says what reaches the watcher.
type MessageKind uint8

// The kinds. Those with an answer say so.
const (
	// Mention names a keyspace, as the watcher itself does at its start. spec: D-51
	Mention MessageKind = iota
	// Health is a health update. spec: D-54
	Health
	// NewSrvKeyspace, SrvKeyspaceGone and SrvKeyspaceError come from the topology watch. spec: D-61
	NewSrvKeyspace
	SrvKeyspaceGone
	SrvKeyspaceError
	// NewVSchema comes from the topology watch, NewDeniedTables is only stored there. spec: D-62
	NewVSchema
	NewDeniedTables
	// Marking by the buffer; the answer says whether the shard is known. spec: D-65
	Marking
	// AskResharded and AskShouldBuffer are about a shard; AskServing lists keyspaces. spec: D-71, D-72
	AskResharded
	AskShouldBuffer
	AskServing
)

// Reaction is a state that may follow a message, and what is seen of it.
type Reaction struct {
	Watcher Watcher
	// Events are the keyspace events that are sent, in any order: each is of another keyspace.
	Events []KeyspaceEvent
	Answer Answer
}

// KeyspaceEvent is one.
// spec: D-66
type KeyspaceEvent struct {
	Keyspace   string
	MoveTables MoveTables
	Shards     []Record // sorted by name, which is without the keyspace here
}

// Answer is what a question is answered with; what it does not ask for is zero.
type Answer struct {
	Yes       bool
	Primary   string
	Keyspaces []string
}

// NewWatcher is a watcher before it has seen anything, in an empty topology.
func NewWatcher(b release.Behaviors) Watcher { return Watcher{behaviors: b} }

// Step gives every allowed reaction to a message; there are several only where the original goes
// by the order of a map. [ND] The receiver does not change.
func (w Watcher) Step(m Message) []Reaction {
	w = w.clone()
	switch m.Kind {
	case NewVSchema:
		w.vschema = &m.VSchema
		return w.newVSchema()
	case AskResharded:
		return w.askResharded(m)
	}
	r := Reaction{}
	switch m.Kind {
	case Mention:
		w.find(m.Keyspace, &r)
	case Health:
		if ks := w.find(m.Keyspace, &r); ks != nil {
			ks.health(m, &r)
		}
	case NewSrvKeyspace, SrvKeyspaceGone:
		w.serving = slices.DeleteFunc(w.serving, func(s SrvKeyspace) bool { return s.Keyspace == m.Keyspace })
		if m.Kind == NewSrvKeyspace {
			m.Value.Keyspace = m.Keyspace
			w.serving = append(w.serving, m.Value)
		}
		if ks := w.at(m.Keyspace); ks != nil {
			ks.newSrvKeyspace(w.served(m.Keyspace), &r)
		}
	case SrvKeyspaceError: // remembered and logged, no more
	case NewDeniedTables:
		w.denied = slices.DeleteFunc(w.denied, func(d deniedTables) bool { return d.keyspace == m.Keyspace && d.shard == m.Shard })
		w.denied = append(w.denied, deniedTables{m.Keyspace, m.Shard, m.Tables})
	case Marking:
		if ks := w.find(m.Keyspace, &r); ks != nil {
			r.Answer.Yes = ks.mark(m)
		}
	case AskShouldBuffer:
		if ks := w.find(m.Keyspace, &r); ks != nil {
			r.Answer = ks.shouldBuffer(m.Shard)
		}
	case AskServing:
		for _, ks := range w.keyspaces {
			if slices.ContainsFunc(ks.shards, func(s watchedShard) bool { return s.serving }) {
				r.Answer.Keyspaces = append(r.Answer.Keyspaces, ks.name)
			}
		}
	}
	r.Watcher = w
	return []Reaction{r}
}

// clone gives a copy that shares nothing that changes.
func (w Watcher) clone() Watcher {
	w.keyspaces = slices.Clone(w.keyspaces)
	for i := range w.keyspaces {
		w.keyspaces[i].shards = slices.Clone(w.keyspaces[i].shards)
	}
	w.serving, w.denied = slices.Clone(w.serving), slices.Clone(w.denied)
	return w
}

// at gives the state of a keyspace, or nil.
func (w *Watcher) at(name string) *keyspace {
	i, found := slices.BinarySearchFunc(w.keyspaces, name, func(k keyspace, name string) int { return strings.Compare(k.name, name) })
	if !found {
		return nil
	}
	return &w.keyspaces[i]
}

func (w *Watcher) served(name string) *SrvKeyspace {
	for _, s := range w.serving {
		if s.Keyspace == name {
			return &s
		}
	}
	return nil
}

// find is the look-up of a keyspace: it makes the state if it is missing, and removes it if it is
// deleted. Nobody is nil.
// spec: D-51, D-52
func (w *Watcher) find(name string, r *Reaction) *keyspace {
	if w.at(name) == nil {
		w.keyspaces = append(w.keyspaces, keyspace{name: name})
		slices.SortFunc(w.keyspaces, func(a, b keyspace) int { return strings.Compare(a.name, b.name) })
		w.at(name).newSrvKeyspace(w.served(name), r) // without shards, routing rules say nothing. spec: D-64
	}
	ks := w.at(name)
	if ks.deleted {
		w.keyspaces = slices.DeleteFunc(w.keyspaces, func(k keyspace) bool { return k.name == name })
		return nil
	}
	return ks
}
