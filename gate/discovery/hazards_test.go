package discovery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// A record of type PRIMARY that is added during a failover looks like a primary that does not
// serve. It ends the wait for a newer term, so the next message of the primary that is being
// demoted ends the failover too early. spec: D-10, D-57, D-60, D-91
func TestUnrelatedRecordEndsTheWait(t *testing.T) {
	for _, added := range []bool{false, true} {
		events := reparented(t, func(f *watcher, a, _ *gatetest.Tablet) {
			f.kew.MarkShardNotServing("ks", "0", true)
			if added {
				f.of("0", "zone1-102", primary)
			}
			f.say(a, primary, true, 100)
			f.env.Assert(f.suspects("0") != added, "failover goes on only without the record")
		})
		require.Equal(t, added, len(events) == 1, "%v", events)
	}
}

// After an emergency reparent the old primary still says that it serves, with its old term. The
// health check sends nobody to it, while the watcher takes its word: each of its messages flips
// the shard. Up to v17, the removal of any tablet then lists both. spec: D-33, D-60, D-97
func TestTwoPrimaries(t *testing.T) {
	for name, want := range map[string]string{"main": "101", "v17": "100 101"} {
		f := followed(t, sim.Config{}, behaviors(name), []string{"0"}, func(f *watcher) {
			a, b, other := f.of("0", "zone1-100", primary), f.of("0", "zone1-101", replica), f.of("0", "zone1-102", replica)
			f.say(a, primary, true, 100)
			f.say(other, primary, false, 0)
			f.say(b, primary, true, 200)
			f.say(a, primary, true, 100)
			f.env.Assert(f.healthy(primary) == "101", "the newer term is listed")
			f.say(a, primary, false, 100)
			f.env.Assert(f.suspects("0"), "the old one's word counts")
			f.say(a, primary, true, 100)
			f.env.Assert(!f.suspects("0"), "both ways")
			f.hc.RemoveTablet(other.Record.Alias)
			got := f.healthy(primary)
			f.env.Assert(got == want, name+": listed "+got)
		})
		require.Equal(t, []string{"0:100:true", "0:101:true", "0:101:true"}, f.events)
	}
}

// While the watcher is busy, messages beyond the channel's capacity are lost: the end of a
// failover is seen only with the new primary's next message. With 2048 places nothing is lost.
// spec: D-48, D-49, D-98
func TestDroppedMessageHidesTheNewPrimary(t *testing.T) {
	for name, want := range map[string]time.Duration{"v18": 40 * time.Second, "main": 15 * time.Second} {
		f := followed(t, sim.Config{}, behaviors(name), []string{"0"}, func(f *watcher) {
			a, b := f.of("0", "zone1-100", primary), f.of("0", "zone1-101", replica)
			f.say(a, primary, true, 100)
			f.say(b, replica, true, 0)
			f.world.SetKeyspace("new", "0")
			f.slowTopo("new")
			f.hc.AddTablet(f.tablets.Add(gatetest.Record("zone1-500", "new", "0", replica)).Record)
			f.sleep() // the watcher is busy now
			began := f.env.Now()
			f.say(a, primary, false, 100)
			f.say(a, primary, false, 100)
			f.say(a, replica, true, 0)
			f.say(b, primary, true, 200)
			f.env.Assert(f.healthy(primary) == "101", "the health check knows")
			f.env.AfterFunc(40*time.Second-f.env.Now().Sub(began), "tick", func() { b.Say(true, 200) })
			f.env.Sleep(10 * time.Second)
			for len(f.events) < 2 {
				f.env.Sleep(time.Second)
			}
			took := f.env.Now().Sub(began).Truncate(5 * time.Second)
			f.env.Assert(took == want, name+": "+took.String())
		})
		require.Equal(t, []string{"0:100:true", "0:101:true"}, f.events)
	}
}

// The cancelled loop of a replaced replica may speak once more and overwrite what the new loop
// wrote; to the new loop later messages are trivial, so the replica is never listed again. The
// newest release does not listen to the old loop. spec: D-19, D-30, D-38, D-44, D-96
func TestReplacedReplicaVanishes(t *testing.T) {
	const schedules = 100
	vanished := func(name string) (n int) {
		for seed := range uint64(schedules) {
			inWorld(t, sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)}, discovery.Options{Behaviors: behaviors(name)}, func(c *check) {
				tablet := c.add("zone1-100", replica)
				tablet.Say(true, 0)
				c.sleep()
				c.hc.ReplaceTablet(tablet.Record.Alias, tablet.Record)
				for range 20 {
					c.sleep()
					tablet.Say(true, 0)
				}
				c.sleep()
				if c.healthy(replica) == "" {
					n++
				}
			})
		}
		return n
	}
	require.Positive(t, vanished("v24"))
	require.Zero(t, vanished("main"))
}

// One watcher gets the request to look for a shard's new primary, and with two cells it may be
// the one that does not have it. spec: D-75, D-76, D-100
func TestLoadTriggerInTheWrongCell(t *testing.T) {
	foundAt := func(cell string) []string {
		log := watch(t, discovery.WatcherOptions{Behaviors: behaviors("main")}, []string{"zone1", "zone2"}, func(env *sim.Env, world *gatetest.Topo, load *sim.Chan[discovery.KeyspaceShard]) {
			world.Tablets = append(world.Tablets, gatetest.Record(cell+"-900", "ks0", "0", topodata.Primary))
			load.Send(discovery.KeyspaceShard{Keyspace: "ks0", Shard: "0"})
			env.Sleep(2 * time.Minute)
		})
		return log[3:]
	}
	require.Equal(t, []string{"1ms add zone1-0000000900"}, foundAt("zone1"))
	require.Equal(t, []string{"1m0s add zone2-0000000900"}, foundAt("zone2"))
}

// The request is posted under the health mutex. In v17 nobody may be there to take it: the
// health check stands still. spec: D-32, discovery 12
func TestFullLoadTrigger(t *testing.T) {
	for name, want := range map[string]bool{"v17": false, "main": true} {
		b := behaviors(name)
		inWorld(t, sim.Config{}, discovery.Options{Behaviors: b}, func(c *check) {
			tablet := c.add("zone1-100", primary)
			for c.hc.LoadTrigger().TrySend(discovery.KeyspaceShard{}) {
				continue
			}
			tablet.Type = replica
			tablet.Say(true, 0)
			c.sleep()
			answered := c.env.NewEvent("answered")
			c.env.GoDaemon("ask", func() {
				c.hc.HealthyTablets(query.Target{})
				answered.Set()
			})
			c.sleep()
			c.env.Assert(answered.IsSet() == want, name)
		})
	}
}
