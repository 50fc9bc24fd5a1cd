package discovery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// watcher is a keyspace event watcher above a health check, and the events that it sent.
type watcher struct {
	*check
	kew    *discovery.KeyspaceEventWatcher
	world  *gatetest.Topo
	events []string
	// moved are the MoveTables states of the events.
	moved []buffer.MoveTables
}

// followed plays a story with a watcher of keyspace ks.
func followed(t *testing.T, cfg sim.Config, b release.Behaviors, shards []string, story func(w *watcher)) *watcher {
	t.Helper()
	f := &watcher{world: gatetest.NewTopo("zone1")}
	f.world.SetKeyspace("ks", shards...)
	w := sim.New(cfg)
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		f.check = &check{env: env, tablets: gatetest.NewTablets(env), registry: metrics.NewRegistry(env)}
		f.hc = discovery.NewHealthCheck(env, f.tablets, nil, f.registry, discovery.Options{LocalCell: "zone1", Behaviors: b})
		f.kew = discovery.NewKeyspaceEventWatcher(env, f.world, f.world, f.hc, "zone1", sim.Dist{}, b)
		events := f.kew.Subscribe()
		env.GoDaemon("record", func() {
			for {
				ev, _ := events.Recv()
				f.events = append(f.events, eventText(ev))
				f.moved = append(f.moved, ev.MoveTables)
			}
		})
		story(f)
		env.Sleep(time.Millisecond)
		env.Stop("story told")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
	return f
}

func eventText(ev *buffer.KeyspaceEvent) string {
	var parts []string
	for _, s := range ev.Shards {
		parts = append(parts, fmt.Sprintf("%s:%d:%t", s.Target.Shard, s.Primary.UID, s.Serving))
	}
	return strings.Join(parts, " ")
}

// of makes a tablet of a shard.
func (f *watcher) of(shard, alias string, kind topodata.TabletType) *gatetest.Tablet {
	t := f.tablets.Add(gatetest.Record(alias, "ks", shard, kind))
	f.hc.AddTablet(t.Record)
	return t
}

// say sends a message and lets it be heard.
func (f *watcher) say(t *gatetest.Tablet, kind topodata.TabletType, serving bool, term int64) {
	t.Type = kind
	t.Say(serving, term)
	f.sleep()
}

func (f *watcher) suspects(shard string) bool {
	_, should := f.kew.ShouldStartBufferingForTarget(query.Target{Keyspace: "ks", Shard: shard, TabletType: topodata.Primary})
	return should
}

func (f *watcher) resharded(shard string) bool {
	return f.kew.TargetIsBeingResharded(query.Target{Keyspace: "ks", Shard: shard, TabletType: topodata.Primary})
}

const (
	primary = topodata.Primary
	replica = topodata.Replica
)

// reparented is a shard with two tablets, the first of which has served with term 100.
func reparented(t *testing.T, story func(f *watcher, a, b *gatetest.Tablet)) []string {
	t.Helper()
	f := followed(t, sim.Config{}, behaviors("main"), []string{"0"}, func(f *watcher) {
		a, b := f.of("0", "zone1-100", primary), f.of("0", "zone1-101", replica)
		f.say(a, primary, true, 100)
		f.say(b, replica, true, 0)
		story(f, a, b)
	})
	require.Equal(t, "0:100:true", f.events[0])
	return f.events[1:]
}

// spec: discovery 11.1, D-72, G-41
func TestNormalReparent(t *testing.T) {
	events := reparented(t, func(f *watcher, a, b *gatetest.Tablet) {
		f.say(a, primary, false, 100)
		f.say(a, primary, false, 100)
		f.env.Assert(f.suspects("0"), "failover suspected")
		f.say(a, replica, true, 0)
		f.say(b, primary, true, 160)
		f.env.Assert(!f.suspects("0"), "failover over")
	})
	require.Equal(t, []string{"0:101:true"}, events)
}

// spec: discovery 11.2
func TestReparentSeenByTheBufferFirst(t *testing.T) {
	events := reparented(t, func(f *watcher, a, b *gatetest.Tablet) {
		f.env.Assert(f.kew.MarkShardNotServing("ks", "0", true), "known")
		f.say(a, primary, false, 100)
		f.say(b, primary, true, 160)
	})
	require.Equal(t, []string{"0:101:true"}, events)
}

// The old primary goes on serving, read-only; its messages do not end the failover.
// spec: discovery 11.3, D-60
func TestExternalReparent(t *testing.T) {
	events := reparented(t, func(f *watcher, a, b *gatetest.Tablet) {
		f.kew.MarkShardNotServing("ks", "0", true)
		f.say(a, primary, true, 100)
		f.say(b, primary, true, 170)
		f.say(a, primary, false, 100)
		f.env.Assert(f.suspects("0"), "the late demotion looks like a failover")
		f.say(b, primary, true, 170)
		f.env.Assert(!f.suspects("0"), "until the real primary speaks again")
	})
	require.Equal(t, []string{"0:101:true", "0:101:true"}, events)
}

// spec: discovery 11.4
func TestUndoneReparentUnderLoad(t *testing.T) {
	events := reparented(t, func(f *watcher, a, _ *gatetest.Tablet) {
		f.kew.MarkShardNotServing("ks", "0", true)
		f.say(a, primary, false, 100)
		f.say(a, primary, true, 100)
	})
	require.Equal(t, []string{"0:100:true"}, events)
}

// W-1: buffering begins after the last not-serving message, and the same primary comes back:
// nothing ends it, until a message that it does not serve. spec: discovery 11.5, D-87
func TestUndoneReparentWhenIdle(t *testing.T) {
	events := reparented(t, func(f *watcher, a, _ *gatetest.Tablet) {
		f.say(a, primary, false, 100)
		f.say(a, primary, false, 100)
		f.kew.MarkShardNotServing("ks", "0", true)
		for range 10 {
			f.say(a, primary, true, 100)
		}
		f.env.Assert(f.suspects("0"), "wedged")
		f.env.Assert(f.healthy(primary) == "100", "although it serves")
		a.EndStreams(gatetest.ErrApplication())
		f.env.Sleep(10 * time.Millisecond)
		f.say(a, primary, true, 100)
	})
	require.Equal(t, []string{"0:100:true"}, events)
}

// Each failed reconnect to the dead primary flips the shard. spec: discovery 11.6, D-90
func TestEmergencyReparent(t *testing.T) {
	events := reparented(t, func(f *watcher, a, b *gatetest.Tablet) {
		a.Crash()
		f.env.Sleep(70 * time.Millisecond) // tries at 2, 6, 14, 30, 62, 126 ms
		f.say(b, primary, true, 200)
		f.env.Sleep(100 * time.Millisecond)
		f.env.Assert(f.suspects("0"), "flipped by a reconnect")
		f.say(b, primary, true, 200)
	})
	require.Equal(t, []string{"0:101:true", "0:101:true"}, events)
}

// spec: discovery 11.7, D-71
func TestReshard(t *testing.T) {
	f := followed(t, sim.Config{}, behaviors("main"), []string{"-"}, func(f *watcher) {
		source, left, right := f.of("-", "zone1-100", primary), f.of("-80", "zone1-200", primary), f.of("80-", "zone1-300", primary)
		target := query.Target{Keyspace: "ks", Shard: "-", TabletType: primary}
		f.say(source, primary, true, 100)
		f.say(source, primary, false, 100)
		f.say(left, primary, true, 100)
		f.env.Assert(f.kew.TargetIsBeingResharded(target), "resharding")
		f.say(right, primary, true, 100)
		f.world.SetKeyspace("ks", "-80", "80-")
		f.env.Assert(!f.kew.TargetIsBeingResharded(target), "over")
		_, should := f.kew.ShouldStartBufferingForTarget(target)
		f.env.Assert(!should, "the source is forgotten")
	})
	require.Equal(t, []string{"-:100:true", "-:100:false -80:200:true 80-:300:true"}, f.events)
}

// One second is the resolution of terms: two promotions within it look like one. spec: D-93
func TestSameSecondTerms(t *testing.T) {
	events := reparented(t, func(f *watcher, a, b *gatetest.Tablet) {
		f.say(a, primary, false, 100)
		f.kew.MarkShardNotServing("ks", "0", true)
		f.say(b, primary, true, 100)
		f.env.Assert(f.healthy(primary) == "101", "the health check takes it")
		f.env.Assert(f.suspects("0"), "the watcher does not")
	})
	require.Empty(t, events)
}

// Events that nobody reads: releases up to v19 drop them, newer ones wait with the mutex held.
// spec: D-67
func TestFullEventChannel(t *testing.T) {
	for name, want := range map[string]int{"v19": 2, "v20": 10} {
		b := behaviors(name)
		followed(t, sim.Config{}, b, []string{"0"}, func(f *watcher) {
			stuck := f.kew.Subscribe()
			a := f.of("0", "zone1-100", primary)
			for term := range int64(20) {
				f.say(a, primary, true, 100+term)
			}
			f.env.Assert(stuck.Len() == want, "held in the channel")
			asked := f.env.NewEvent("asked")
			f.env.GoDaemon("ask", func() {
				f.suspects("0")
				asked.Set()
			})
			f.sleep()
			f.env.Assert(asked.IsSet() == (name == "v19"), "questions wait for the mutex")
		})
	}
}

// A deleted keyspace is forgotten and, once it is there again, found again. spec: D-52
func TestDeletedKeyspace(t *testing.T) {
	f := followed(t, sim.Config{}, behaviors("main"), []string{"0"}, func(f *watcher) {
		a := f.of("0", "zone1-100", primary)
		f.say(a, primary, true, 100)
		f.world.SetSrvKeyspace("ks", nil)
		f.env.Assert(!f.kew.MarkShardNotServing("ks", "0", true), "deleted")
		f.world.SetKeyspace("ks", "0")
		f.say(a, primary, true, 100)
		ctx, cancel := f.env.WithTimeout(f.env.Background(), time.Second)
		defer cancel()
		f.env.Assert(f.kew.WaitForConsistency(ctx, []string{"ks", "unknown"}) == nil, "consistent")
	})
	require.Equal(t, []string{"0:100:true", "0:100:true"}, f.events)
}
