package spec

import (
	"slices"
	"strings"
)

// newVSchema tells the routing rules to every keyspace. [ND]
// spec: D-62
func (w Watcher) newVSchema() []Reaction {
	all := []Reaction{{Watcher: w}}
	if !w.behaviors.MoveTablesState {
		return all
	}
	for i := range w.keyspaces {
		if w.keyspaces[i].deleted {
			continue
		}
		var next []Reaction
		for _, r := range all {
			for _, state := range r.Watcher.moveTablesStates(&r.Watcher.keyspaces[i]) {
				with := Reaction{Watcher: r.Watcher.clone(), Events: slices.Clone(r.Events)}
				ks := &with.Watcher.keyspaces[i]
				ks.moveTables = state
				if !state.none() {
					ks.consistent = false
					ks.check(&with)
				}
				next = append(next, with)
			}
		}
		all = next
	}
	return all
}

// moveTablesStates are the states that a keyspace may be found in. Of several denied tables any
// one may be the one that counts. [ND]
// spec: D-63
func (w *Watcher) moveTablesStates(k *keyspace) []MoveTables {
	v := w.vschema
	if len(v.Rules)+len(v.ShardRules) == 0 || w.behaviors.MoveTablesStateGated && !v.mentions(k.name) {
		return []MoveTables{{}}
	}
	switching, anyDenied := false, false
	var regular []MoveTables
	for _, d := range w.denied {
		if d.keyspace != k.name || k.shard(d.shard) == nil || len(d.tables) == 0 {
			continue
		}
		anyDenied = true
		switching = switching || v.routesShard(k.name, d.shard)
		if state := (MoveTables{Regular: true, Switched: v.routesTable(k.name, d.tables[0])}); !slices.Contains(regular, state) {
			regular = append(regular, state)
		}
	}
	switch {
	case !anyDenied:
		return []MoveTables{{}}
	case len(v.ShardRules) > 0:
		return []MoveTables{{ByShard: true, Switched: !switching}}
	default:
		return regular
	}
}

// routesShard: a rule still starts at the shard.
func (v *VSchema) routesShard(keyspace, shard string) bool {
	return slices.ContainsFunc(v.ShardRules, func(r ShardRule) bool { return r.FromKeyspace == keyspace && r.Shard == shard })
}

// routesTable: the rule for the bare name leads away from the keyspace.
func (v *VSchema) routesTable(keyspace, table string) bool {
	for _, r := range v.Rules {
		if r.From == table {
			return len(r.To) > 0 && r.To[0] != keyspace+"."+table
		}
	}
	return false
}

// mentions: a rule names the keyspace.
func (v *VSchema) mentions(keyspace string) bool {
	qualified := func(name string) bool { return strings.HasPrefix(name, keyspace+".") }
	return slices.ContainsFunc(v.Rules, func(r TableRule) bool { return qualified(r.From) || slices.ContainsFunc(r.To, qualified) }) ||
		slices.ContainsFunc(v.ShardRules, func(r ShardRule) bool { return r.FromKeyspace == keyspace || r.ToKeyspace == keyspace })
}
