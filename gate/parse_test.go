package gate

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

func TestParseDatabase(t *testing.T) {
	for text, want := range map[string]database{
		"":                      {tabletType: topodata.Primary},
		"commerce":              {keyspace: "commerce", tabletType: topodata.Primary},
		"commerce@replica":      {keyspace: "commerce", tabletType: topodata.Replica},
		"commerce:-80":          {keyspace: "commerce", shard: "-80", tabletType: topodata.Primary},
		"`commerce:-80@rdonly`": {keyspace: "commerce", shard: "-80", tabletType: topodata.RDOnly},
		"@primary":              {tabletType: topodata.Primary},
	} {
		got, err := parseDatabase(text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	_, err := parseDatabase("commerce@leader")
	require.EqualError(t, err, "unknown TabletType leader")
	_, err = parseDatabase("commerce@unknown")
	require.EqualError(t, err, "unknown TabletType unknown")
}

// spec: W-30
func TestSet(t *testing.T) {
	for sql, want := range map[string]struct {
		autocommit bool
		settings   []string
	}{
		"SET AUTOCOMMIT = 0":                     {false, nil},
		"set autocommit=1":                       {true, nil},
		"set @@session.autocommit = off;":        {false, nil},
		"set session autocommit := 'on'":         {true, nil},
		"set names utf8mb4":                      {true, nil},
		"set @mine = 1, sql_mode = ''":           {true, []string{"set sql_mode = ''"}},
		"set autocommit = 0, wait_timeout = 100": {false, []string{"set wait_timeout = 100"}},
	} {
		w := sim.New(sim.Config{})
		var s *session
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
			s = newSession(env, 1, 1, "app", database{})
			g := &Gate{env: env}
			env.Assert(g.set(env.Background(), s, "", sql) == nil, "set")
		})
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Equal(t, want.autocommit, s.autocommit, sql)
		require.Equal(t, want.settings, s.settings, sql)
	}
}

// Each key belongs to one shard, and the shards get equal shares.
func TestKeysAreSpread(t *testing.T) {
	var refs []topodata.ShardReference
	for _, name := range []string{"-40", "40-80", "80-c0", "c0-"} {
		r, err := topodata.ParseKeyRange(name)
		require.NoError(t, err)
		refs = append(refs, topodata.ShardReference{Name: name, KeyRange: r})
	}
	got := map[string]int{}
	for key := range int64(4000) {
		names := shardsFor(plan{stmt: query.Statement{Verb: query.VerbInsert, Table: "t", Key: key + 1}}, refs)
		require.Len(t, names, 1)
		got[names[0]]++
	}
	for name, n := range got {
		require.InDelta(t, 1000, n, 100, name)
	}
	require.Len(t, shardsFor(plan{stmt: query.Statement{Verb: query.VerbUpdate, Table: "t"}}, refs), 4)
	require.Len(t, shardsFor(plan{stmt: query.Statement{Verb: query.VerbSelect}}, refs), 1)
	require.Equal(t, []string{"80-c0"}, shardsFor(plan{stmt: query.Statement{Verb: query.VerbUpdate, Table: "t"}, shard: "80-c0"}, refs))
}

// Rules for the tablet type go before those without, and rules name the table as the statement
// is understood.
func TestRoutingRules(t *testing.T) {
	v := vschema{rules: &topodata.SrvVSchema{
		RoutingRules: []topodata.RoutingRule{
			{FromTable: "a.t", ToTables: []string{"b.t"}},
			{FromTable: "a.t@replica", ToTables: []string{"a.t"}},
			{FromTable: "t", ToTables: []string{"b.t2"}},
			{FromTable: "a.none"},
		},
		ShardRoutingRules: []topodata.ShardRoutingRule{{FromKeyspace: "a", ToKeyspace: "b", Shard: "-80"}},
	}}
	for _, row := range []struct {
		keyspace, table string
		kind            topodata.TabletType
		want            string
	}{
		{"a", "t", topodata.Primary, "b.t"},
		{"a", "t", topodata.Replica, "a.t"},
		{"a", "t", topodata.RDOnly, "b.t"},
		{"a", "none", topodata.Primary, "a.none"},
		{"", "t", topodata.Primary, "b.t2"},
		{"c", "t", topodata.Primary, "c.t"},
	} {
		keyspace, table := v.routed(row.keyspace, row.table, row.kind)
		require.Equal(t, row.want, keyspace+"."+table)
	}
	require.Equal(t, "b", v.shardRouted("a", "-80"))
	require.Equal(t, "a", v.shardRouted("a", "80-"))
	require.Equal(t, "a", vschema{}.shardRouted("a", "-80"))
}

func FuzzParseDatabase(f *testing.F) {
	for _, text := range []string{"", "commerce@replica", "a:-80@primary", "`x`", "@@:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseDatabase(text); err == nil {
			require.NotEqual(t, topodata.Unknown, d.tabletType)
		}
	})
}

// A keyspace id is eight bytes in hexadecimal.
func TestKeyspaceID(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		require.Regexp(rt, "^[0-9a-f]{16}$", keyspaceID(rapid.Int64().Draw(rt, "key")))
	})
}
