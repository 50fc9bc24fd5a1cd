package gate

import (
	"slices"
	"strings"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// plan is where a statement goes. Making one again may give another.
type plan struct {
	stmt     query.Statement
	keyspace string
	// shard is set if the session named one.
	shard      string
	tabletType topodata.TabletType
	vschema    vschema
}

// plan finds the keyspace of a statement by its table, the session's database and the routing
// rules.
func (g *Gate) plan(ctx *sim.Context, s *session, stmt query.Statement) (plan, error) {
	v := g.vschema.get()
	keyspace, table := qualified(stmt.Table, s.database.keyspace)
	keyspace, stmt.Table = v.routed(keyspace, table, s.database.tabletType)
	if keyspace == "" {
		var err error
		if keyspace, err = g.onlyKeyspace(ctx); err != nil {
			return plan{}, err
		}
	}
	return plan{stmt, keyspace, s.database.shard, s.database.tabletType, v}, nil
}

// qualified splits a table name; the keyspace is fallback if the name has none.
func qualified(name, fallback string) (keyspace, table string) {
	if keyspace, table, ok := strings.Cut(name, "."); ok {
		return keyspace, table
	}
	return fallback, name
}

// onlyKeyspace is the keyspace of sessions without a database: the cell's only one.
func (g *Gate) onlyKeyspace(ctx *sim.Context) (string, error) {
	names, err := g.srv.GetSrvKeyspaceNames(ctx, g.opts.Cell, true)
	if err != nil {
		return "", err
	}
	if len(names) != 1 {
		return "", vterr.New(vterr.InvalidArgument, "VT09005: no database selected: use keyspace<:shard><@type> or keyspace<[range]><@type> (<> are optional)")
	}
	return names[0], nil
}

// resolve finds the shards of a plan in the serving graph, as it is now. spec: D-78
func (g *Gate) resolve(ctx *sim.Context, p plan) ([]query.Target, error) {
	value, err := g.srv.GetSrvKeyspace(ctx, g.opts.Cell, p.keyspace)
	if err != nil {
		return nil, vterr.KeyspaceFetchFailed(p.keyspace, err)
	}
	partition, ok := value.Partition(p.tabletType)
	if !ok {
		return nil, vterr.NoPartition(p.tabletType.String(), p.keyspace)
	}
	var targets []query.Target
	for _, shard := range shardsFor(p, partition.ShardReferences) {
		targets = append(targets, query.Target{
			Keyspace: p.vschema.shardRouted(p.keyspace, shard), Shard: shard, TabletType: p.tabletType,
		})
	}
	return targets, nil
}

// shardsFor chooses among the shards of a keyspace: the one that the session named; the one
// that owns the key; any one for a statement without a table; or all of them.
func shardsFor(p plan, refs []topodata.ShardReference) []string {
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	switch {
	case p.shard != "":
		return []string{p.shard}
	case len(names) <= 1 || p.stmt.Verb == query.VerbDDL:
		return names
	case p.stmt.Table == "":
		return names[:1]
	case p.stmt.Key == 0 && p.stmt.Verb != query.VerbInsert && p.stmt.Verb != query.VerbReplace:
		return names
	}
	id := keyspaceID(p.stmt.Key)
	i := slices.IndexFunc(refs, func(ref topodata.ShardReference) bool {
		return ref.KeyRange.Start <= id && (ref.KeyRange.End == "" || id < ref.KeyRange.End)
	})
	return names[max(i, 0):][:1]
}

// keyspaceID spreads keys over the shards, as a hash vindex does: eight bytes in hexadecimal.
func keyspaceID(key int64) string {
	x := uint64(key) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	const digits = "0123456789abcdef"
	var id [16]byte
	for i := range id {
		id[i] = digits[x>>(60-4*i)&15]
	}
	return string(id[:])
}
