package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// minimal is the shortest sensible scenario.
const minimal = `apiVersion: bufsim/v1
name: minimal
cluster:
  keyspaces:
    - name: ks
      shards:
        - name: 0
          tablets: [{type: primary}, {}]
workload:
  - closed: {clients: 1}
`

func mustLoad(t testing.TB, src string) *Scenario {
	t.Helper()
	s, err := Load("x.yaml", []byte(src), Options{})
	require.NoError(t, err)
	return s
}

func TestDefaultsAreFilledIn(t *testing.T) {
	s := mustLoad(t, minimal)
	require.Equal(t, "v24", s.Release)
	require.Equal(t, 30*time.Second, s.Duration.Std())
	require.Equal(t, []string{"zone1"}, s.Cluster.Cells)
	require.Equal(t, []GateGroup{{Cell: "zone1", Count: 1}}, s.Cluster.Gates)
	require.Equal(t, []Tablet{
		{Alias: "zone1-100", Cell: "zone1", Type: TypePrimary},
		{Alias: "zone1-101", Cell: "zone1", Type: TypeReplica},
	}, s.Cluster.Keyspaces[0].Shards[0].Tablets)
	require.Equal(t, DurabilityNone, s.Cluster.Keyspaces[0].Durability)
	require.Equal(t, &Closed{
		Clients: 1, Think: Uniform(500*time.Millisecond, time.Second), Statements: Statements{Insert: 50, Select: 50}, Keyspace: "ks",
		TabletType: TypePrimary, OnError: OnErrorFast, RetryWait: Duration(50 * time.Millisecond),
	}, s.Workload[0].Closed)
	require.Equal(t, "group1", s.Workload[0].Name)
}

func TestRetryWaitFollowsThePolicy(t *testing.T) {
	for args, want := range map[string]time.Duration{
		"on_error: retry":                     5 * time.Second,
		"on_error: exit":                      50 * time.Millisecond,
		"on_error: retry, retry_wait: 0":      0,
		"on_error: fast, retry_wait: 1.5s":    1500 * time.Millisecond,
		"retry_wait: 7s, on_error: retry":     7 * time.Second,
		"on_error: retry, retry_wait: 0h0m1s": time.Second,
	} {
		s := mustLoad(t, strings.Replace(minimal, "clients: 1", "clients: 1, "+args, 1))
		require.Equal(t, want, s.Workload[0].Closed.RetryWait.Std(), args)
	}
}

// A tablet's own profile starts from the cluster's, wherever the two stand.
func TestTabletProfileInheritsFromTheCluster(t *testing.T) {
	s := mustLoad(t, strings.Replace(minimal, "tablets: [{type: primary}, {}]",
		"tablets: [{type: primary}, {mysql: {replication_delay: 0s}}]\n  mysql: {apply_rate: 600/m, replication_delay: 3s}", 1))
	require.Equal(t, Rate(10), s.Cluster.MySQL.ApplyRate)
	tablets := s.Cluster.Keyspaces[0].Shards[0].Tablets
	require.Equal(t, 3*time.Second, s.Cluster.Profile(tablets[0]).ReplicationDelay.Std())
	require.Equal(t, Rate(10), s.Cluster.Profile(tablets[1]).ApplyRate)
	require.Zero(t, s.Cluster.Profile(tablets[1]).ReplicationDelay)
}

func TestEqualShardsShareOneList(t *testing.T) {
	s := mustLoad(t, strings.Replace(minimal, `shards:
        - name: 0
          tablets: [{type: primary}, {}]`, `equal_shards: 4
      tablets: [{type: primary}, {}]`, 1))
	k := s.Cluster.Keyspaces[0]
	require.Equal(t, []string{"-40", "40-80", "80-c0", "c0-"}, k.shardNames())
	require.Equal(t, "zone1-401", k.Shards[3].Tablets[1].Alias)
	require.Empty(t, k.Tablets)
	require.Zero(t, k.EqualShards)
	require.Equal(t, []string{"0"}, (&Keyspace{Shards: equalShards(1)}).shardNames())
	require.Equal(t, ShardName("0080-0100"), equalShards(512)[1].Name)
}

func TestNamesInTheTimelineAreFilledIn(t *testing.T) {
	s := mustLoad(t, minimal+`timeline:
  - {at: 6s, do: planned_reparent_shard}
  - {after: previous, wait: 5s, do: prs, id: second}
  - {after: previous, do: heal}
`)
	require.Equal(t, "op1", s.Timeline[0].ID)
	require.Equal(t, Args{Keyspace: "ks", Shard: "0"}, s.Timeline[0].Args)
	require.Equal(t, "op1", s.Timeline[1].After)
	require.Equal(t, DoPlannedReparentShard, s.Timeline[1].Do)
	require.Equal(t, 5*time.Second, s.Timeline[1].Wait.Std())
	require.Equal(t, "second", s.Timeline[2].After)
}

func TestFlagsInAnySpelling(t *testing.T) {
	s := mustLoad(t, minimal+`flags:
  vtgate: {-enable_buffer: true, --buffer_window: 3s, buffer-size: 0010, buffer_keyspace_shards: ""}
  vttablet: {}
`)
	require.Equal(t, FlagValues{"enable-buffer": "true", "buffer-window": "3s", "buffer-size": "0010", "buffer-keyspace-shards": ""}, s.Flags.VTGate)
	require.Nil(t, s.Flags.VTTablet)
}

func TestCheckersAreAsked(t *testing.T) {
	src := minimal + "release: v25\nflags:\n  vtgate: {buffer_windows: 3s}\n  reparent: {lock-timeout: 1s}\n"
	var asked []string
	_, err := Load("x.yaml", []byte(src), Options{
		CheckRelease: func(release string) error { return errors.New("no release " + release) },
		CheckFlag: func(release, component, name, value string) error {
			asked = append(asked, release+" "+component+" "+name+"="+value)
			if name == "buffer-windows" {
				return errors.New("no such flag")
			}
			return nil
		},
	})
	require.Equal(t, []string{"v25 vtgate buffer-windows=3s", "v25 reparent lock-timeout=1s"}, asked)
	var problems Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 2)
	require.Equal(t, Problem{
		File: "x.yaml", Line: 11, Column: 10, Path: "release", What: "no release v25", Source: "release: v25",
	}, *problems[0])
	require.Equal(t, Problem{
		File: "x.yaml", Line: 13, Column: 12, Path: "flags.vtgate.buffer-windows", What: "no such flag", Source: "  vtgate: {buffer_windows: 3s}",
	}, *problems[1])
}

func TestGateslapFilesAreReadBesideTheScenario(t *testing.T) {
	dir := t.TempDir()
	ini := "[mysql]\nport=x\n"
	src := strings.Replace(minimal, "closed: {clients: 1}", "gateslap: ./my.ini", 1)
	path := filepath.Join(dir, "s.yaml")
	require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
	_, err := LoadFile(path, Options{})
	require.ErrorContains(t, err, `there is no gateslap configuration "./my.ini"`)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "my.ini"), []byte(ini), 0o600))
	_, err = LoadFile(path, Options{})
	require.ErrorContains(t, err, `./my.ini:2:1: [mysql] port: "x" is not a whole number`)

	good, err := os.ReadFile("../workload/gateslap/ini/03_short_timeout.ini")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "my.ini"), good, 0o600))
	s, err := LoadFile(path, Options{})
	require.NoError(t, err)
	require.Equal(t, time.Second, s.Workload[0].Gateslap.Config.MySQL.ReadTimeout)
	_, err = LoadFile(filepath.Join(dir, "none.yaml"), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestDistKeepsItsShapeInTheSimulation(t *testing.T) {
	const ms = time.Millisecond
	r := sim.NewRand(1, "t")
	require.Equal(t, 7*ms, Constant(7*ms).Sim().Draw(r))
	require.Equal(t, 100*ms, Uniform(50*ms, 150*ms).Sim().Median())
	require.Equal(t, 3*ms, Lognormal(3*ms, 40*ms).Sim().Median())
	require.Zero(t, Dist{}.Sim().Draw(r))
}

func TestLatencyBetweenCells(t *testing.T) {
	n := Network{InCell: Constant(1), BetweenCells: Constant(2), Links: []Link{{From: "a", To: "b", Latency: Constant(3)}}}
	require.Equal(t, Constant(1), n.Latency("a", "a"))
	require.Equal(t, Constant(3), n.Latency("a", "b"))
	require.Equal(t, Constant(3), n.Latency("b", "a"))
	require.Equal(t, Constant(2), n.Latency("a", "c"))
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(minimal))
	for _, name := range Names() {
		src, err := BuiltinSource(name)
		require.NoError(f, err)
		f.Add(src)
	}
	broken, err := filepath.Glob("testdata/broken/*.yaml")
	require.NoError(f, err)
	for _, path := range broken {
		src, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Load("x.yaml", src, Options{})
		if err != nil {
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.NotEmpty(t, problems)
			return
		}
		again, err := Load("y.yaml", s.Marshal(), Options{})
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
