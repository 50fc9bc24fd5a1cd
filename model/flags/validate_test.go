package flags_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// Each of the nine checks in each spelling. The recorded vectors cover v24 more widely.
// spec: buffer 2.2, 8.1
func TestValidateBufferTexts(t *testing.T) {
	type change = func(*flags.VTGate)
	window := func(g *flags.VTGate) { g.BufferWindow = 999 * time.Millisecond }
	windowOverMax := func(g *flags.VTGate) { g.BufferWindow = 21 * time.Second }
	size := func(g *flags.VTGate) { g.BufferSize = 0 }
	minTime := func(g *flags.VTGate) { g.BufferMinTimeBetweenFailovers = 500 * time.Millisecond }
	drain := func(g *flags.VTGate) { g.BufferDrainConcurrency = 0 }
	listedOnly := func(g *flags.VTGate) { g.BufferKeyspaceShards = "ks1" }
	both := func(g *flags.VTGate) { g.EnableBuffer, g.EnableBufferDryRun = true, true }
	badEntry := func(g *flags.VTGate) { g.EnableBuffer, g.BufferKeyspaceShards = true, "a/b/c" }
	colonEntry := func(g *flags.VTGate) { g.EnableBuffer, g.BufferKeyspaceShards = true, "a/b/c:d" }
	overlap := func(g *flags.VTGate) { g.EnableBuffer, g.BufferKeyspaceShards = true, "ks1/0,ks1" }
	implementation := func(g *flags.VTGate) { g.BufferImplementation = "magic" }
	for _, c := range []struct {
		release string
		change  change
		want    string
	}{
		{"v24", window, "--buffer-window must be >= 1s (specified value: 999ms)"},
		{"v22", window, "--buffer_window must be >= 1s (specified value: 999ms)"},
		{"v14", window, "-buffer_window must be >= 1s (specified value: 999ms)"},
		{"v14", windowOverMax, "-buffer_window must be <= -buffer_max_failover_duration: 21s vs. 20s"},
		{"v24", windowOverMax, "--buffer-window must be <= --buffer-max-failover-duration: 21s vs. 20s"},
		{"v22", size, "--buffer_size must be >= 1 (specified value: 0)"},
		{"v17", minTime, "--buffer_min_time_between_failovers should be at least twice the length of --buffer_max_failover_duration: 500ms vs. 20s"},
		{"v12", minTime, "-buffer_min_time_between_failovers should be at least twice the length of -buffer_max_failover_duration: 500ms vs. 20s"},
		{"v18", minTime, ""},
		{"v19", minTime, ""},
		{"v20", minTime, "--buffer_min_time_between_failovers must be >= 1s (specified value: 500ms)"},
		{"v24", minTime, "--buffer-min-time-between-failovers must be >= 1s (specified value: 500ms)"},
		{"v24", drain, "--buffer-drain-concurrency must be >= 1 (specified value: 0)"},
		{"v24", listedOnly, "--buffer-keyspace-shards=ks1 also requires that --enable_buffer is set"},
		{"v22", listedOnly, "--buffer_keyspace_shards=ks1 also requires that --enable_buffer is set"},
		{"v12", listedOnly, "-buffer_keyspace_shards=ks1 also requires that -enable_buffer is set"},
		{"v24", both, "both the dry-run mode and actual buffering is enabled. To avoid ambiguity, keyspaces and shards for actual buffering must be explicitly listed in --buffer-keyspace-shards"},
		{"v12", both, "both the dry-run mode and actual buffering is enabled. To avoid ambiguity, keyspaces and shards for actual buffering must be explicitly listed in --buffer_keyspace_shards"},
		{"v24", badEntry, "invalid shard path: a/b/c"},
		{"v24", colonEntry, ""},
		{"v22", overlap, "--buffer_keyspace_shards has overlapping entries (keyspace only vs. keyspace/shard): ks1 vs. ks1/0 Please remove one or the other"},
		{"v17", implementation, `unknown buffering implementation for TabletGateway: "magic"`},
		{"v18", implementation, ""},
	} {
		p := profile(t, c.release)
		s := flags.Defaults(p)
		c.change(&s.VTGate)
		err := flags.Validate(s, p)
		if c.want == "" {
			require.NoError(t, err, c.release)
			continue
		}
		require.EqualError(t, err, c.want, c.release)
	}
}

// The advice of the guides for a long failover needs the doubled minimum up to v17 only.
// spec: buffer 8.1
func TestTwiceMaxIsEnough(t *testing.T) {
	for _, p := range release.All() {
		s := flags.Defaults(p)
		s.VTGate.BufferMaxFailoverDuration = time.Minute
		s.VTGate.BufferMinTimeBetweenFailovers = 2 * time.Minute
		s.VTGate.BufferWindow = time.Minute
		require.NoError(t, flags.Validate(s, p), p.Name)
		s.VTGate.BufferMinTimeBetweenFailovers--
		require.Equal(t, p.Behaviors.MinTimeCheck == release.MinTimeTwiceMax, flags.Validate(s, p) != nil, p.Name)
	}
}

// spec: gateway 2, discovery 1, T-85
func TestValidateOthers(t *testing.T) {
	p := release.Latest()
	for _, c := range []struct {
		change func(*flags.Set)
		want   string
	}{
		{func(s *flags.Set) { s.Common.SrvTopoCacheRefresh = 2 * time.Second }, "srv-topo-cache-refresh must be less than or equal to srv-topo-cache-ttl"},
		{func(s *flags.Set) { s.VTGate.TabletTypesToWait = "SPARE,BACKUP" }, "tablet-types-to-wait must contain at least one serving tablet type"},
		{func(s *flags.Set) { s.VTGate.TabletTypesToWait = "PRIMARY,CHIEF" }, "unknown TabletType CHIEF"},
		{func(s *flags.Set) { s.VTGate.TabletTypesToWait = "SPARE,PRIMARY" }, ""},
		{func(s *flags.Set) { s.VTTablet.InitTabletType = "primary" }, "invalid init-tablet-type PRIMARY; can only be REPLICA, RDONLY or SPARE"},
		{func(s *flags.Set) { s.VTTablet.InitTabletType = "boss" }, "unknown TabletType boss"},
		{func(s *flags.Set) { s.VTTablet.InitTabletType = "spare" }, ""},
	} {
		s := flags.Defaults(p)
		c.change(&s)
		err := flags.Validate(s, p)
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, c.want)
	}
}

// spec: B-1
func TestParseKeyspaceShards(t *testing.T) {
	for _, c := range []struct {
		list              string
		keyspaces, shards []string
	}{
		{"", nil, nil},
		{"ks1", []string{"ks1"}, nil},
		{"ks1, ks2", []string{"ks1", " ks2"}, nil},
		{"ks1,", []string{"ks1", ""}, nil},
		{"ks2/0,ks1,ks2/-80,ks1", []string{"ks1"}, []string{"ks2/0", "ks2/-80"}},
	} {
		got := flags.ParseKeyspaceShards(c.list)
		require.Equal(t, flags.KeyspaceShards{Keyspaces: c.keyspaces, Shards: c.shards}, got, c.list)
		require.Equal(t, c.list == "", got.IsEmpty())
	}
}
