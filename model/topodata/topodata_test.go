package topodata_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/topodata"
)

// spec: T-1, O-5
func TestTabletAlias(t *testing.T) {
	for _, c := range []struct {
		text, printed, wantErr string
	}{
		{text: "zone1-0000000100", printed: "zone1-0000000100"},
		{text: "zone1-100", printed: "zone1-0000000100"},
		{text: "zone1-00000000000000100", printed: "zone1-0000000100"},
		{text: "us-east_1.a-7", printed: "us-east_1.a-0000000007"},
		{text: "zone1-4294967295", printed: "zone1-4294967295"},
		{text: "zone1-4294967296", wantErr: "does not fit"},
		{text: "zone1", wantErr: "expecting format"},
		{text: "-100", wantErr: "expecting format"},
		{text: "zone1-", wantErr: "expecting format"},
		{text: "zone1-1x", wantErr: "expecting format"},
		{text: "zone 1-1", wantErr: "expecting format"},
		{text: "<nil>", wantErr: "expecting format"},
	} {
		alias, err := topodata.ParseTabletAlias(c.text)
		if c.wantErr != "" {
			require.ErrorContains(t, err, c.wantErr, c.text)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, c.printed, alias.String())
	}
	require.Equal(t, "<nil>", topodata.TabletAlias{}.String())
	require.True(t, topodata.TabletAlias{}.IsZero())
	require.False(t, topodata.TabletAlias{Cell: "a"}.IsZero())
}

func FuzzParseTabletAlias(f *testing.F) {
	for _, seed := range []string{"zone1-100", "a-b-1", "-", "", "zone1-0000000100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		alias, err := topodata.ParseTabletAlias(text)
		if err != nil {
			return
		}
		again, err := topodata.ParseTabletAlias(alias.String())
		require.NoError(t, err)
		require.Equal(t, alias, again)
	})
}

// Aliases sort as their texts do, so reports may use either.
func TestAliasOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) topodata.TabletAlias {
			return topodata.TabletAlias{
				Cell: rapid.SampledFrom([]string{"a", "b", "zone1"}).Draw(t, label+".cell"),
				UID:  rapid.Uint32().Draw(t, label+".uid"),
			}
		}
		a, b := draw("a"), draw("b")
		if a.Compare(b) != strings.Compare(a.String(), b.String()) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

// spec: T-2, O-50
func TestTabletTypes(t *testing.T) {
	type row struct {
		name                           string
		serving, queryService, replica bool
	}
	rows := []row{
		{name: "UNKNOWN"},
		{name: "PRIMARY", serving: true, queryService: true},
		{name: "REPLICA", serving: true, queryService: true, replica: true},
		{name: "RDONLY", serving: true, queryService: true, replica: true},
		{name: "SPARE", replica: true},
		{name: "EXPERIMENTAL", queryService: true, replica: true},
		{name: "BACKUP"},
		{name: "RESTORE"},
		{name: "DRAINED", queryService: true},
	}
	require.Len(t, topodata.AllTabletTypes(), len(rows))
	for i, want := range rows {
		tt := topodata.TabletType(i)
		require.Equal(t, want, row{tt.String(), tt.IsServing(), tt.RunsQueryService(), tt.IsReplicaType()})
		parsed, err := topodata.ParseTabletType(tt.Lower())
		require.NoError(t, err)
		require.Equal(t, tt, parsed)
	}
	for old, want := range map[string]topodata.TabletType{"master": topodata.Primary, "batch": topodata.RDOnly} {
		parsed, err := topodata.ParseTabletType(old)
		require.NoError(t, err)
		require.Equal(t, want, parsed)
	}
	require.Equal(t, "9", topodata.TabletType(9).String())
	require.Equal(t, "SNAPSHOT", topodata.KeyspaceSnapshot.String())
	require.Equal(t, "NORMAL", topodata.KeyspaceNormal.String())
	list, err := topodata.ParseTabletTypes("PRIMARY, replica")
	require.NoError(t, err)
	require.Equal(t, []topodata.TabletType{topodata.Primary, topodata.Replica}, list)
	_, err = topodata.ParseTabletTypes("PRIMARY,chief")
	require.EqualError(t, err, "unknown TabletType chief")
}

// Whole seconds round down, also before the epoch; the health stream shows no more.
// spec: T-77
func TestTimestampSeconds(t *testing.T) {
	second := topodata.Timestamp(time.Second)
	require.EqualValues(t, 5, (5*second + 999).Seconds())
	require.EqualValues(t, -1, topodata.Timestamp(-1).Seconds())
	require.EqualValues(t, -1, (-second).Seconds())
	require.EqualValues(t, 0, topodata.Timestamp(0).Seconds())
	require.Equal(t, 3*second, second.Add(2*time.Second))
}

// spec: O-4, D-71
func TestParseKeyRange(t *testing.T) {
	for _, c := range []struct{ shard, printed, wantErr string }{
		{shard: "0", printed: ""},
		{shard: "main", printed: ""},
		{shard: "-", printed: "-"},
		{shard: "-80", printed: "-80"},
		{shard: "80-", printed: "80-"},
		{shard: "80-C0", printed: "80-c0"},
		{shard: "8000-80ff", printed: "8000-80ff"},
		{shard: "40-80-c0", wantErr: "invalid shardId, can only contain one '-': 40-80-c0"},
		{shard: "80-40", wantErr: "out of order keys: 80 is not strictly smaller than 40"},
		{shard: "80-80", wantErr: "out of order keys: 80 is not strictly smaller than 80"},
		{shard: "8-c0", wantErr: "even number"},
		{shard: "xx-c0", wantErr: "even number"},
	} {
		r, err := topodata.ParseKeyRange(c.shard)
		if c.wantErr != "" {
			require.ErrorContains(t, err, c.wantErr)
			continue
		}
		require.NoError(t, err, c.shard)
		require.Equal(t, c.printed, r.String())
		require.Equal(t, c.printed != "", r.Ranged)
	}
}

func FuzzParseKeyRange(f *testing.F) {
	for _, seed := range []string{"0", "-80", "80-c0", "--", "C0-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shard string) {
		r, err := topodata.ParseKeyRange(shard)
		if err != nil || !r.Ranged {
			return
		}
		require.Equal(t, strings.ToLower(shard), r.String())
		require.True(t, r.Overlaps(r), "a range overlaps itself")
	})
}

// Two ranges overlap exactly if some keyspace id lies in both. The empty id and those of one byte
// are enough to tell, since the drawn bounds have one byte.
// spec: D-71
func TestOverlapsMeansSharedID(t *testing.T) {
	const hex = "0123456789abcdef"
	bound := rapid.Custom(func(t *rapid.T) string {
		n := rapid.IntRange(-1, 255).Draw(t, "byte")
		if n < 0 {
			return ""
		}
		return string([]byte{hex[n/16], hex[n%16]})
	})
	bounds := rapid.Custom(func(t *rapid.T) [2]string {
		return [2]string{bound.Draw(t, "start"), bound.Draw(t, "end")}
	}).Filter(func(b [2]string) bool { return b[1] == "" || b[0] < b[1] })
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) topodata.KeyRange {
			b := bounds.Draw(t, label)
			r, err := topodata.ParseKeyRange(b[0] + "-" + b[1])
			require.NoError(t, err)
			return r
		}
		a, b := draw("a"), draw("b")
		holds := func(r topodata.KeyRange, id string) bool { return r.Start <= id && (r.End == "" || id < r.End) }
		shared := holds(a, "") && holds(b, "")
		for n := range 256 {
			id := string([]byte{hex[n/16], hex[n%16]})
			shared = shared || holds(a, id) && holds(b, id)
		}
		if a.Overlaps(b) != shared || b.Overlaps(a) != shared {
			t.Fatalf("%s and %s: shared is %v", a, b, shared)
		}
	})
	unsharded, sharded := topodata.KeyRange{}, topodata.KeyRange{Ranged: true}
	require.False(t, unsharded.Overlaps(sharded))
	require.False(t, sharded.Overlaps(unsharded))
}

// spec: O-4
func TestNames(t *testing.T) {
	require.NoError(t, topodata.ValidateName("commerce_Customer-2"))
	require.EqualError(t, topodata.ValidateName(""), "empty name")
	require.NoError(t, topodata.ValidateName(strings.Repeat("a", 64)))
	require.ErrorContains(t, topodata.ValidateName(strings.Repeat("a", 65)), "is too long")
	require.EqualError(t, topodata.ValidateName("a/b"), "invalid character / in name a/b")
	require.EqualError(t, topodata.ValidateName("é"), "invalid character é in name é")

	name, r, err := topodata.ValidateShardName("80-C0")
	require.NoError(t, err)
	require.Equal(t, "80-c0", name)
	require.Equal(t, topodata.KeyRange{Ranged: true, Start: "80", End: "c0"}, r)
	name, r, err = topodata.ValidateShardName("Main")
	require.NoError(t, err)
	require.Equal(t, "Main", name)
	require.False(t, r.Ranged)
	_, _, err = topodata.ValidateShardName("c0-80")
	require.ErrorContains(t, err, "out of order keys")
}

// A clone and its original must not be able to change each other.
func TestClonesShareNothing(t *testing.T) {
	shard := topodata.Shard{TabletControls: []topodata.TabletControl{{DeniedTables: []string{"a"}, Cells: []string{"c"}}}}
	shardCopy := shard.Clone()
	shardCopy.TabletControls[0].DeniedTables[0] = "b"
	shardCopy.TabletControls[0].Cells[0] = "d"
	shardCopy.TabletControls[0].Frozen = true
	require.Equal(t, topodata.TabletControl{DeniedTables: []string{"a"}, Cells: []string{"c"}}, shard.TabletControls[0])

	keyspace := topodata.SrvKeyspace{Partitions: []topodata.Partition{{ShardReferences: []topodata.ShardReference{{Name: "0"}}}}}
	keyspaceCopy := keyspace.Clone()
	require.True(t, keyspace.Equal(keyspaceCopy))
	keyspaceCopy.Partitions[0].ShardReferences[0].Name = "-80"
	require.False(t, keyspace.Equal(keyspaceCopy))
	require.Equal(t, "0", keyspace.Partitions[0].ShardReferences[0].Name)

	vschema := topodata.SrvVSchema{RoutingRules: []topodata.RoutingRule{{FromTable: "t", ToTables: []string{"a.t"}}}}
	vschemaCopy := vschema.Clone()
	require.True(t, vschema.Equal(vschemaCopy))
	vschemaCopy.RoutingRules[0].ToTables[0] = "b.t"
	require.False(t, vschema.Equal(vschemaCopy))
	to, found := vschema.Destinations("t")
	require.True(t, found)
	require.Equal(t, []string{"a.t"}, to)

	tablet := topodata.Tablet{Tags: map[string]string{"pool": "a"}}
	tabletCopy := tablet.Clone()
	tabletCopy.Tags["pool"] = "b"
	require.Equal(t, "a", tablet.Tags["pool"])

	nodes := topodata.ShardReplication{Nodes: []topodata.TabletAlias{{Cell: "a"}}}
	nodesCopy := nodes.Clone()
	nodesCopy.Nodes[0].Cell = "b"
	require.Equal(t, "a", nodes.Nodes[0].Cell)
}

// spec: D-73
func TestAddressKey(t *testing.T) {
	tablet := topodata.Tablet{Hostname: "h", PortMap: topodata.PortMap{VT: 15100, GRPC: 16100}}
	require.Equal(t, "h,grpc:16100,vt:15100", tablet.AddressKey())
	tablet.PortMap.GRPC = 0
	require.Equal(t, "h,vt:15100", tablet.AddressKey())
	require.Equal(t, "", topodata.Tablet{}.AddressKey())
}

func TestLookupsInRecords(t *testing.T) {
	keyspace := topodata.SrvKeyspace{Partitions: []topodata.Partition{{ServedType: topodata.Replica}, {ServedType: topodata.Primary}}}
	_, found := keyspace.Partition(topodata.Primary)
	require.True(t, found)
	_, found = keyspace.Partition(topodata.RDOnly)
	require.False(t, found)
	shard := topodata.Shard{TabletControls: []topodata.TabletControl{{TabletType: topodata.Primary, Frozen: true}}}
	control, found := shard.TabletControl(topodata.Primary)
	require.True(t, found && control.Frozen)
	_, found = shard.TabletControl(topodata.Replica)
	require.False(t, found)
	require.True(t, slices.Contains(topodata.AllTabletTypes(), topodata.Drained))
}
