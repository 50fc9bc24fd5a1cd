package discovery_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/gatetest"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// consistent says whether the keyspace is whole now.
func (f *watcher) consistent() bool {
	ctx, cancel := f.env.WithTimeout(f.env.Background(), time.Millisecond)
	defer cancel()
	return f.kew.WaitForConsistency(ctx, []string{"ks"}) == nil
}

func deny(tables ...string) topodata.Shard {
	return topodata.Shard{TabletControls: []topodata.TabletControl{{TabletType: replica}, {TabletType: primary, DeniedTables: tables}}}
}

func rule(from string, to ...string) *topodata.SrvVSchema {
	return &topodata.SrvVSchema{RoutingRules: []topodata.RoutingRule{{FromTable: from, ToTables: to}}}
}

func shardRules(rules ...topodata.ShardRoutingRule) *topodata.SrvVSchema {
	return &topodata.SrvVSchema{ShardRoutingRules: rules}
}

// How far a MoveTables is, by the rules and the denied tables; what the watcher then does: no
// MoveTables changes nothing, one under way makes the keyspace inconsistent, one that has
// switched sends an event. spec: D-62, D-63, D-66, D-68
func TestMoveTablesStates(t *testing.T) {
	const none, switching, switched = "none", "switching", "switched"
	from80 := topodata.ShardRoutingRule{FromKeyspace: "ks", ToKeyspace: "ks", Shard: "-80"}
	for name, row := range map[string]struct {
		release string
		left    topodata.Shard // of shard -80
		rules   *topodata.SrvVSchema
		want    string
	}{
		"no rules":                     {"v24", deny("t"), &topodata.SrvVSchema{}, none},
		"no denied tables":             {"v24", topodata.Shard{}, rule("t", "ks.t"), none},
		"rule leads to the source":     {"v24", deny("t", "u"), rule("t", "ks.t"), switching},
		"no rule for the bare table":   {"v24", deny("t"), rule("ks.t", "new.t"), switching},
		"only the first table counts":  {"v24", deny("t", "u"), rule("u", "new.u"), switching},
		"rule leads nowhere":           {"v24", deny("t"), rule("t"), switching},
		"rule leads elsewhere":         {"v24", deny("t", "u"), rule("t", "new.t"), switched},
		"only the first target counts": {"v24", deny("t"), rule("t", "ks.t", "new.t"), switching},
		"shard still here":             {"v24", deny("t"), shardRules(from80), switching},
		"shard gone":                   {"v24", deny("t"), shardRules(topodata.ShardRoutingRule{FromKeyspace: "new", ToKeyspace: "ks", Shard: "-80"}), switched},
		"table rules beside it":        {"v24", deny("t"), &topodata.SrvVSchema{RoutingRules: rule("t", "new.t").RoutingRules, ShardRoutingRules: []topodata.ShardRoutingRule{from80}}, switching},
		"rules of other keyspaces":     {"v24", deny("t"), rule("x", "new.x"), switching},
		"not even read, in main":       {"main", deny("t"), rule("x", "new.x"), none},
		"read in main, from side":      {"main", deny("t"), rule("ks.x", "new.x"), switching},
		"read in main, to side":        {"main", deny("t"), rule("t", "new.t", "ks.t"), switched},
		"read in main, shard rule":     {"main", deny("t"), shardRules(from80), switching},
		"no such state in v17":         {"v17", deny("t"), rule("t", "new.t"), none},
	} {
		t.Run(name, func(t *testing.T) {
			consistent := false
			f := followed(t, sim.Config{}, behaviors(row.release), []string{"-80", "80-"}, func(f *watcher) {
				f.say(f.of("-80", "zone1-200", primary), primary, true, 100)
				f.say(f.of("80-", "zone1-300", primary), primary, true, 100)
				f.world.Shards["ks/-80"] = row.left
				f.world.SetVSchema(row.rules)
				f.sleep()
				consistent = f.consistent()
			})
			require.Equal(t, row.want != switching, consistent)
			events := map[string]int{none: 1, switching: 1, switched: 2}
			require.Len(t, f.moved, events[row.want])
			if row.want == switched {
				require.Equal(t, buffer.MoveTablesSwitched, f.moved[1].State)
			}
		})
	}
}

// A MoveTables ends in two updates of the rules, the second of which finishes a failover that
// the denied tables began. spec: D-62, D-65, D-68
func TestMoveTablesEndsBuffering(t *testing.T) {
	f := followed(t, sim.Config{}, behaviors("main"), []string{"-80", "80-"}, func(f *watcher) {
		left := f.of("-80", "zone1-200", primary)
		f.say(left, primary, true, 100)
		f.say(f.of("80-", "zone1-300", primary), primary, true, 100)
		f.world.Shards["ks/-80"] = deny("t")
		f.world.SetVSchema(rule("t", "ks.t"))
		f.env.Assert(f.kew.MarkShardNotServing("ks", "-80", false), "known")
		f.say(left, primary, true, 100)
		f.env.Assert(!f.consistent(), "serving, but still switching")
		f.world.SetVSchema(rule("t", "new.t", "ks.t"))
		f.sleep()
		f.env.Assert(f.consistent(), "switched")
	})
	require.Equal(t, []string{"-80:200:true 80-:300:true", "-80:200:true 80-:300:true"}, f.events)
	require.Equal(t, buffer.MoveTablesSwitched, f.moved[1].State)
}

// At the start the watcher knows no shards, so it reads no records and sees no MoveTables.
// spec: D-64
func TestMoveTablesAtTheStart(t *testing.T) {
	followed(t, sim.Config{}, behaviors("v24"), []string{"0"}, func(f *watcher) {
		f.world.Shards["ks/0"] = deny("t")
		f.world.SetVSchema(rule("t", "ks.t"))
		f.say(f.of("0", "zone1-100", primary), primary, true, 100)
		f.env.Assert(f.consistent(), "unseen")
		f.world.SetVSchema(rule("t", "ks.t"))
		f.env.Assert(!f.consistent(), "seen at the next change")
	})
}

// Shard records that cannot be read look like no MoveTables; Vitess says nothing of it.
// spec: D-62
func TestUnreadableShardRecords(t *testing.T) {
	followed(t, sim.Config{}, behaviors("main"), []string{"0"}, func(f *watcher) {
		f.say(f.of("0", "zone1-100", primary), primary, true, 100)
		f.world.Shards["ks/0"], f.world.Err = deny("t"), errors.New("topo is down")
		f.world.SetVSchema(rule("t", "ks.t"))
		f.env.Assert(f.consistent(), "as without MoveTables")
	})
}

// slowTopo makes reads of one name take 15 seconds.
func (f *watcher) slowTopo(name string) {
	f.world.Pause = func(read string) {
		if read == name {
			f.env.Sleep(15 * time.Second)
		}
	}
}

// The shard records are read with the keyspace's mutex held: meanwhile the messages of all
// keyspaces wait, while questions about the others are answered. spec: D-53, D-63, D-99
func TestTopologyReadStallsHealth(t *testing.T) {
	var otherAsked, answered time.Duration
	followed(t, sim.Config{}, behaviors("v24"), []string{"0"}, func(f *watcher) {
		a := f.of("0", "zone1-100", primary)
		f.say(a, primary, true, 100)
		f.world.SetKeyspace("other", "0")
		f.kew.MarkShardNotServing("other", "0", true) // makes its state
		other := f.tablets.Add(gatetest.Record("zone1-500", "other", "0", primary))
		f.hc.AddTablet(other.Record)
		f.sleep()
		f.slowTopo("ks/0")
		began := f.env.Now()
		f.env.Go("rules", func() { f.world.SetVSchema(rule("t", "new.t")) })
		f.sleep()
		a.Say(false, 100)
		f.sleep()
		f.env.Go("ask", func() {
			f.suspects("0")
			answered = f.env.Now().Sub(began)
		})
		other.Say(true, 100)
		f.sleep()
		f.env.Assert(!f.kew.MarkShardNotServing("other", "0", true), "its message waits")
		otherAsked = f.env.Now().Sub(began)
		f.env.Sleep(20 * time.Second)
		f.env.Assert(f.kew.MarkShardNotServing("other", "0", true), "heard in the end")
	})
	require.Equal(t, 3*time.Millisecond, otherAsked)
	require.Equal(t, 15*time.Second, answered)
}

// The first look at a keyspace waits for the topology with the watcher's own mutex held: all
// questions wait, and so do the messages. spec: D-51, D-52a
func TestFirstLookStallsEverything(t *testing.T) {
	var asked time.Duration
	followed(t, sim.Config{}, behaviors("main"), []string{"0"}, func(f *watcher) {
		f.say(f.of("0", "zone1-100", primary), primary, true, 100)
		f.world.SetKeyspace("new", "0")
		f.slowTopo("new")
		began := f.env.Now()
		f.env.Go("first", func() { f.kew.MarkShardNotServing("new", "0", true) })
		f.sleep()
		f.suspects("0")
		asked = f.env.Now().Sub(began)
	})
	require.Equal(t, 15*time.Second, asked)
}

// Before v18 any other serving shard is enough: the restart of one primary of a sharded keyspace
// looks like a reshard. spec: D-71, D-102
func TestRestartLooksLikeReshard(t *testing.T) {
	for name, want := range map[string]bool{"v17": true, "v18": false} {
		followed(t, sim.Config{}, behaviors(name), []string{"-80", "80-"}, func(f *watcher) {
			left := f.of("-80", "zone1-200", primary)
			f.say(left, primary, true, 100)
			f.say(f.of("80-", "zone1-300", primary), primary, true, 100)
			f.say(left, primary, false, 100)
			f.env.Assert(f.resharded("-80") == want, name)
		})
	}
}

// Shards that are no key ranges are never suspected, nor is a shard beside an odd one.
// spec: D-71, G-40
func TestReshardNeedsRanges(t *testing.T) {
	for _, row := range []struct {
		shard string
		other []string
		want  bool
	}{
		{"0", []string{"1"}, false},
		{"-80", []string{"80-"}, false},
		{"-80", []string{"-"}, true},
		{"-80", []string{"40-c0"}, true},
		{"-80", []string{"odd"}, false},
		{"80-40", []string{"-"}, false},
	} {
		followed(t, sim.Config{}, behaviors("main"), nil, func(f *watcher) {
			f.world.SetSrvKeyspace("ks", &topodata.SrvKeyspace{})
			for i, shard := range row.other {
				f.say(f.of(shard, []string{"zone1-1", "zone1-2"}[i], primary), primary, true, 100)
			}
			f.env.Assert(f.resharded(row.shard) == row.want, row.shard)
		})
	}
}
