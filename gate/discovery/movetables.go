package discovery

import (
	"maps"
	"slices"
	"strings"
	"time"

	"bufsim/gate/buffer"
	"bufsim/model/topodata"
)

// moveTablesReadLimit bounds the reads of shard records for D-63.
const moveTablesReadLimit = 15 * time.Second

// onSrvVSchema takes over new routing rules. spec: D-62
func (kss *keyspaceState) onSrvVSchema(value *topodata.SrvVSchema, err error) bool {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	if kss.deleted.Load() || kss.kew.ctx.Err() != nil {
		return false
	}
	if value == nil {
		return true
	}
	state, readErr := kss.moveTablesState(value)
	if err != nil {
		// Vitess looks at the watch's error here, so a failed read alone goes unsaid.
		kss.kew.env.Logf("error", "onSrvVSchema: keyspace %s failed to get move tables status: %v", kss.name, readErr)
	}
	kss.moveTables = state
	if state.Type != buffer.MoveTablesNone {
		kss.consistent = false
		kss.ensureConsistent()
	}
	return true
}

// moveTablesState finds out from the rules and the shard records how far a MoveTables is. It
// reads the global topology with the keyspace's mutex held. spec: D-63, D-64, D-99
func (kss *keyspaceState) moveTablesState(v *topodata.SrvVSchema) (MoveTables, error) {
	if len(v.RoutingRules) == 0 && len(v.ShardRoutingRules) == 0 {
		return MoveTables{}, nil
	}
	if kss.kew.behaviors.MoveTablesStateGated && !mentions(v, kss.name) {
		return MoveTables{}, nil
	}
	denied, err := kss.deniedTables()
	if err != nil || len(denied) == 0 {
		return MoveTables{}, err
	}
	if len(v.ShardRoutingRules) > 0 {
		return MoveTables{Type: buffer.MoveTablesShardByShard, State: statusByShard(v, kss.name, denied)}, nil
	}
	return MoveTables{Type: buffer.MoveTablesRegular, State: statusByTable(v, kss.name, denied[0].table)}, nil
}

// deniedShard is a shard with denied tables, and the one table that is looked at.
type deniedShard struct{ shard, table string }

// deniedTables reads all known shards' records in parallel and gives those with denied tables,
// in order.
func (kss *keyspaceState) deniedTables() ([]deniedShard, error) {
	env := kss.kew.env
	ctx, cancel := env.WithTimeout(kss.kew.ctx, moveTablesReadLimit)
	defer cancel()
	names := slices.Sorted(maps.Keys(kss.shards))
	records, errs := make([]*topodata.Shard, len(names)), make([]error, len(names))
	group := env.NewWaitGroup("shard-records")
	for i, name := range names {
		group.Go("read-shard", func() { records[i], errs[i] = kss.kew.shards.GetShard(ctx, kss.name, name) })
	}
	group.Wait()
	var denied []deniedShard
	for i, record := range records {
		if errs[i] != nil {
			return nil, errs[i]
		}
		for _, control := range record.TabletControls {
			if len(control.DeniedTables) > 0 {
				denied = append(denied, deniedShard{names[i], control.DeniedTables[0]})
				break
			}
		}
	}
	return denied, nil
}

func statusByShard(v *topodata.SrvVSchema, keyspace string, denied []deniedShard) buffer.MoveTablesState {
	for _, d := range denied {
		if slices.ContainsFunc(v.ShardRoutingRules, func(r topodata.ShardRoutingRule) bool {
			return r.FromKeyspace == keyspace && r.Shard == d.shard
		}) {
			return buffer.MoveTablesSwitching
		}
	}
	return buffer.MoveTablesSwitched
}

func statusByTable(v *topodata.SrvVSchema, keyspace, table string) buffer.MoveTablesState {
	if to, ok := v.Destinations(table); ok && len(to) > 0 && to[0] != keyspace+"."+table {
		return buffer.MoveTablesSwitched
	}
	return buffer.MoveTablesSwitching
}

// mentions says whether a rule names the keyspace on either side.
func mentions(v *topodata.SrvVSchema, keyspace string) bool {
	qualified := func(name string) bool { return strings.HasPrefix(name, keyspace+".") }
	for _, r := range v.RoutingRules {
		if qualified(r.FromTable) || slices.ContainsFunc(r.ToTables, qualified) {
			return true
		}
	}
	return slices.ContainsFunc(v.ShardRoutingRules, func(r topodata.ShardRoutingRule) bool {
		return r.FromKeyspace == keyspace || r.ToKeyspace == keyspace
	})
}
