package scenario

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/workload/gateslap"
	"bufsim/sim/fault"
)

// What Marshal prints loads back to an equal value, whatever the values are.
func TestMarshalLoadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawScenario(t)
		text := want.Marshal()
		got, err := Load("printed.yaml", text, Options{})
		require.NoError(t, err, "%s", text)
		require.Equal(t, want, got, "%s", text)
		require.Equal(t, string(text), string(got.Marshal()))
		require.Equal(t, want.Hash(), got.Hash())
	})
}

func TestBuiltinScenariosLoadBack(t *testing.T) {
	for _, name := range Names() {
		want, err := Builtin(name, Options{})
		require.NoError(t, err)
		got, err := Load("printed.yaml", want.Marshal(), Options{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestHash(t *testing.T) {
	load := func(change string) *Scenario {
		s, err := Load("x.yaml", append([]byte(change), minimal...), Options{})
		require.NoError(t, err)
		return s
	}
	base := load("")
	require.Len(t, base.Hash(), 64)
	require.Equal(t, base.Hash(), load("# a comment\nrelease: v24\nduration: 0.5m\n").Hash())
	require.NotEqual(t, base.Hash(), load("release: v23\n").Hash())
	other := load("")
	other.Workload[0].Closed, other.Workload[0].Gateslap = nil, &Gateslap{Source: "x.ini", Text: "[mysql]\n"}
	before := other.Hash()
	other.Workload[0].Gateslap.Text = "[mysql]\n\n"
	require.NotEqual(t, before, other.Hash())
}

func durations() *rapid.Generator[Duration] {
	return rapid.Map(rapid.OneOf(rapid.Int64Range(0, int64(time.Hour)), rapid.Just(int64(0)), rapid.Just(int64(time.Second))),
		func(n int64) Duration { return Duration(n) })
}

func dists() *rapid.Generator[Dist] {
	return rapid.Custom(func(t *rapid.T) Dist {
		a, b := durations().Draw(t, "a"), durations().Draw(t, "b")
		low, high := min(a, b), max(a, b)
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return Constant(a.Std())
		case 1:
			return Uniform(low.Std(), high.Std())
		case 2:
			return Lognormal(low.Std()+1, high.Std()+1).WithLongest(high.Std() + 2)
		default:
			return Lognormal(low.Std()+1, high.Std()+1)
		}
	})
}

func pointerTo[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if rapid.Bool().Draw(t, "no "+label) {
		return nil
	}
	v := g.Draw(t, label)
	return &v
}

func drawProfile(t *rapid.T) MySQL {
	return MySQL{
		ReadTime: dists().Draw(t, "read"), WriteTime: dists().Draw(t, "write"), AckTime: dists().Draw(t, "ack"), ApplyTime: dists().Draw(t, "apply"),
		ApplyRate:        rapid.OneOf(rapid.Just(Unlimited()), rapid.Map(rapid.Float64Range(1e-3, 1e9), func(f float64) Rate { return Rate(f) })).Draw(t, "rate"),
		ReplicationDelay: durations().Draw(t, "delay"), SemiSyncSwitch: rapid.SampledFrom([]SemiSyncSwitch{SemiSyncSwitchPoll, SemiSyncSwitchInstant}).Draw(t, "switch"),
	}
}

// drawScenario makes a resolved scenario with odd values wherever any value is
// allowed.
func drawScenario(t *rapid.T) *Scenario {
	s := &Scenario{
		APIVersion: APIVersion, Name: "drawn", Release: rapid.String().Draw(t, "release"), Start: StartInitialised,
		Title:       rapid.StringMatching(`[^\r\n]*`).Draw(t, "title"),
		Description: rapid.OneOf(rapid.String(), rapid.StringMatching(`([a-z: #'"-]{0,5}\n){0,4}[a-z ]{0,3}`)).Draw(t, "description"),
		Duration:    durations().Draw(t, "duration") + 1, Settle: durations().Draw(t, "settle"), Until: UntilClients,
	}
	s.Seeds.First = rapid.Uint64Range(1, 1<<40).Draw(t, "first")
	s.Seeds.Last = s.Seeds.First + rapid.Uint64Range(0, 100).Draw(t, "seeds")
	drawCluster(t, &s.Cluster)
	values := rapid.MapOfN(rapid.Map(rapid.StringMatching(`[a-zA-Z0-9:. ][a-zA-Z0-9:.# -]*`), FlagName), rapid.String(), 0, 4)
	if m := values.Draw(t, "flags"); len(m) > 0 {
		s.Flags.VTGate = m
	}
	s.Thresholds.ErrorRateMax = pointerTo(t, rapid.Map(rapid.Float64Range(0, 1), func(f float64) Share { return Share(f) }), "errors")
	s.Thresholds.LatencyMax = pointerTo(t, durations(), "latency")
	s.Thresholds.ErrorsMax = pointerTo(t, rapid.IntRange(0, 1000), "errors max")
	for i := range rapid.IntRange(1, 3).Draw(t, "groups") {
		s.Workload = append(s.Workload, drawGroup(t, fmt.Sprintf("g%d", i)))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "operations") {
		s.Timeline = append(s.Timeline, drawOperation(t, i, s.Duration))
	}
	for range rapid.IntRange(0, 3).Draw(t, "faults") {
		f, err := fault.Parse(rapid.SampledFrom(faultLines()).Draw(t, "fault"), FaultKinds())
		require.NoError(t, err)
		s.Faults = append(s.Faults, FaultLine{f})
	}
	s.Expect = pointerTo(t, rapid.Custom(drawExpect), "expect")
	return s
}

func faultLines() []string {
	return []string{
		"at 0s heal", "at 0s crash mysqld:primary:ks/0 for 3s", "when log text=\"a: b # c\" pause zone1-101",
		"after host what=\"'\" nth 3 wait 1ms partition gate-1 peer cell:zone1 way out",
	}
}

func drawExpect(t *rapid.T) Expect {
	bound := rapid.IntRange(0, 3).Draw(t, "bound")
	return Expect{
		Keyspace: "ks", Shard: "0", Seeds: Seeds{First: 3, Last: 4}, Note: rapid.String().Draw(t, "note"),
		Counters: []ExpectedCounter{{Metric: MetricEvicted, Reason: "BufferFull", Guide: 5, Match: MatchConstraint, Min: &bound}},
	}
}

func drawCluster(t *rapid.T, c *Cluster) {
	c.Cells = []string{"zone1", "zone2"}[:rapid.IntRange(1, 2).Draw(t, "cells")]
	c.Gates = []GateGroup{{Cell: rapid.SampledFrom(c.Cells).Draw(t, "cell"), Count: rapid.IntRange(1, 9).Draw(t, "gates")}}
	c.Network = Network{InCell: dists().Draw(t, "in"), BetweenCells: dists().Draw(t, "between")}
	if len(c.Cells) == 2 {
		c.Network.Links = []Link{{From: "zone1", To: "zone2", Latency: dists().Draw(t, "link")}}
	}
	c.CPU = CPU{VTGate: dists().Draw(t, "gate"), VTTablet: dists().Draw(t, "tablet"), WatcherDelay: dists().Draw(t, "watcher")}
	c.MySQL = drawProfile(t)
	d := dists().Draw(t, "step")
	c.Steps = Steps{
		SuperReadOnly: d, StopReplication: d, StartReplication: d, ResetReplication: d, FlushBinaryLogs: d, PromoteDelay: dists().Draw(t, "promote"),
		ServeTransition: d, ChangeSource: d, ReplicaReconnect: d, LocalTopoWrite: d, GlobalTopoWrite: d,
	}
	tablets := []Tablet{{Alias: "zone1-100", Cell: "zone1", Type: TypePrimary}, {Alias: "zone1-101", Cell: "zone1", Type: TypeReplica}}
	tablets[1].MySQL = pointerTo(t, rapid.Custom(drawProfile), "profile")
	names := rapid.SampledFrom([][]ShardName{{"0"}, {"-80", "80-"}, {"80-", "-80"}, {"-"}, {"1e3"}, {"0x10"}, {"null"}, {"true"}}).Draw(t, "shards")
	shards := make([]Shard, len(names))
	for i, name := range names {
		shards[i] = Shard{Name: name, Tablets: []Tablet{{Alias: fmt.Sprintf("zone1-%d", 7+i), Cell: "zone1", Type: TypePrimary}}}
	}
	c.Keyspaces = []Keyspace{
		{Name: "ks", Durability: DurabilitySemiSync, Shards: []Shard{{Name: "0", Tablets: tablets}}},
		{Name: "1", Durability: DurabilityNone, Shards: shards},
	}
}

func drawGroup(t *rapid.T, name string) ClientGroup {
	g := ClientGroup{Name: name}
	mix := Statements{Insert: rapid.IntRange(0, 9).Draw(t, "insert"), Select: 1}
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		source := rapid.SampledFrom(gateslap.BuiltinNames()).Draw(t, "file")
		text, _ := gateslap.BuiltinSource(source)
		config, _ := gateslap.Builtin(source)
		g.Gateslap = &Gateslap{Source: source, Config: config, Text: string(text)}
	case 1:
		g.Closed = &Closed{
			Clients: rapid.IntRange(1, 99).Draw(t, "clients"), Think: dists().Draw(t, "think"), Statements: mix, Keyspace: "ks",
			TabletType: TypePrimary, OnError: OnErrorRetry, RetryWait: durations().Draw(t, "wait"),
			RetryCount: rapid.IntRange(0, 9).Draw(t, "retries"), ReadTimeout: durations().Draw(t, "timeout"),
		}
	default:
		g.Open = &Open{
			Rate: Rate(rapid.Float64Range(0.001, 1e6).Draw(t, "rate")), Arrival: ArrivalUniform, Statements: mix, Keyspace: "1",
			TabletType: TypePrimary, ReadTimeout: durations().Draw(t, "timeout"),
		}
	}
	return g
}

func drawOperation(t *rapid.T, index int, end Duration) Operation {
	o := Operation{ID: fmt.Sprintf("%d.%s", index, rapid.String().Draw(t, "id")), Outcome: OutcomeAny}
	at := rapid.Map(durations(), func(d Duration) Duration { return d % end }).Draw(t, "at")
	o.At = &at
	do := slices.Index(Do("").Values(), rapid.SampledFrom([]string{"planned_reparent_shard", "kill", "set_delay", "heal"}).Draw(t, "do"))
	switch o.Do = operations()[do].do; o.Do {
	case DoPlannedReparentShard:
		wait := durations().Draw(t, "wait") + 1
		o.Args = Args{Keyspace: "ks", Shard: "0", NewPrimary: "zone1-101", WaitReplicasTimeout: &wait}
	case DoKill:
		o.Args = Args{Target: "primary:ks/0", Component: ComponentMySQLD, For: pointerTo(t, durations(), "for")}
	case DoSetDelay:
		delay := durations().Draw(t, "delay")
		o.Args = Args{Target: "zone1-101", Delay: &delay}
	}
	return o
}
