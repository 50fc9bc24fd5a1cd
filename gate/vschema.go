package gate

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// vschemaManager keeps the newest routing rules of the cell.
type vschemaManager struct {
	mu      *sim.Mutex
	current vschema
}

// vschema is one state of the routing rules; a higher generation is newer.
type vschema struct {
	rules      *topodata.SrvVSchema // nil before the first one
	generation int64
}

func newVSchemaManager(env *sim.Env) *vschemaManager {
	return &vschemaManager{mu: env.NewMutex("vschema")}
}

// update is the listener of the serving topology. An error keeps what is there.
func (m *vschemaManager) update(value *topodata.SrvVSchema, _ error) bool {
	if value == nil {
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = vschema{value, m.current.generation + 1}
	return true
}

// get gives the present rules.
func (m *vschemaManager) get() vschema {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// routed applies the rules to a table of a keyspace (empty: none given) and gives the keyspace
// and bare table that a statement really is about. A rule for the tablet type goes before one
// without.
func (v vschema) routed(keyspace, table string, t topodata.TabletType) (string, string) {
	if v.rules == nil || table == "" {
		return keyspace, table
	}
	name := table
	if keyspace != "" {
		name = keyspace + "." + table
	}
	for _, from := range []string{name + typeSuffix(t), name} {
		if to, ok := v.rules.Destinations(from); ok && len(to) > 0 {
			return qualified(to[0], keyspace)
		}
	}
	return keyspace, table
}

func typeSuffix(t topodata.TabletType) string {
	if t == topodata.Primary {
		return ""
	}
	return "@" + t.Lower()
}

// shardRouted applies the shard routing rules: the keyspace that serves a shard instead.
func (v vschema) shardRouted(keyspace, shard string) string {
	if v.rules == nil {
		return keyspace
	}
	for _, r := range v.rules.ShardRoutingRules {
		if r.FromKeyspace == keyspace && r.Shard == shard {
			return r.ToKeyspace
		}
	}
	return keyspace
}
