package discovery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// event is one thing that happens to a tablet.
type event struct {
	tablet int
	what   string
	term   int64
	pause  time.Duration
}

func events() *rapid.Generator[[]event] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
		return event{
			tablet: rapid.IntRange(0, 3).Draw(t, "tablet"),
			what:   rapid.SampledFrom([]string{"serve", "serve", "stop", "replica", "crash", "up", "close", "remove", "add"}).Draw(t, "what"),
			term:   rapid.Int64Range(1, 4).Draw(t, "term"),
			pause:  time.Duration(rapid.IntRange(0, 2).Draw(t, "pause")) * time.Millisecond,
		}
	}), 1, 40)
}

// happen does an event.
func (c *check) happen(tablets []*gatetest.Tablet, e event) {
	t := tablets[e.tablet]
	switch e.what {
	case "serve", "stop":
		t.Type = topodata.Primary
		t.Say(e.what == "serve", e.term)
	case "replica":
		t.Type = topodata.Replica
		t.Say(true, 0)
	case "crash":
		t.Crash()
	case "up":
		t.Down = false
	case "close":
		t.EndStreams(nil)
	case "remove":
		c.hc.RemoveTablet(t.Record.Alias)
	case "add":
		if _, err := c.hc.TabletByAlias(t.Record.Alias); err != nil {
			c.hc.ReplaceTablet(t.Record.Alias, t.Record)
		}
	}
	c.env.Sleep(e.pause)
}

// The health check's invariants hold at every look, under any schedule. spec: DI-1, DI-3
func TestHealthCheckInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script, seed := events().Draw(rt, "events"), rapid.Uint64().Draw(rt, "schedule")
		inWorld(t, sim.Config{Chooser: explore.NewRandom(seed, true)}, discovery.Options{}, func(c *check) {
			var tablets []*gatetest.Tablet
			for i := range 4 {
				tablets = append(tablets, c.add(fmt.Sprintf("zone1-%d", 100+i), topodata.Replica))
			}
			over := false
			c.env.Go("look", func() { c.lookForever(&over) })
			for _, e := range script {
				c.happen(tablets, e)
			}
			over = true
		})
	})
}

// lookForever checks the lists again and again.
func (c *check) lookForever(over *bool) {
	for !*over {
		listed := c.hc.HealthyTablets(query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary})
		c.env.Assert(len(listed) <= 1, "DI-1")
		for _, h := range c.hc.Status().Healthy {
			c.env.Assert(h.Serving && h.LastError == nil, "healthy-means-serving")
		}
		c.env.Sleep(100 * time.Microsecond)
	}
}

// Every subscriber sees a part of the same sequence, in the same order. spec: DI-5, D-50
func TestSubscribersSeeOneOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script, seed := events().Draw(rt, "events"), rapid.Uint64().Draw(rt, "schedule")
		b := behaviors("main")
		b.HealthCheckChannelCapacity = 3
		var slow, fast []*discovery.TabletHealth
		inWorld(t, sim.Config{Chooser: explore.NewRandom(seed, true)}, discovery.Options{Behaviors: b}, func(c *check) {
			channels := []*sim.Chan[*discovery.TabletHealth]{c.hc.Subscribe("fast"), c.hc.Subscribe("slow")}
			for i, into := range []*[]*discovery.TabletHealth{&fast, &slow} {
				c.env.GoDaemon("read", func() {
					for {
						h, _ := channels[i].Recv()
						*into = append(*into, h)
						c.env.Sleep(time.Duration(i) * time.Millisecond)
					}
				})
			}
			var tablets []*gatetest.Tablet
			for i := range 4 {
				tablets = append(tablets, c.add(fmt.Sprintf("zone1-%d", 100+i), topodata.Replica))
			}
			for _, e := range script {
				c.happen(tablets, e)
			}
		})
		position := func(list []*discovery.TabletHealth, h *discovery.TabletHealth) int { return slices.Index(list, h) }
		last := -1
		for _, h := range slow {
			if at := position(fast, h); at >= 0 {
				require.Greater(rt, at, last)
				last = at
			}
		}
	})
}

// When all is quiet and every tablet has spoken, the list is the truth: a serving primary with
// the highest term is listed, and tablets that do not serve are not. spec: DI-4, DI-11
func TestQuietHealthCheckIsRight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script, seed := events().Draw(rt, "events"), rapid.Uint64().Draw(rt, "schedule")
		winner := rapid.IntRange(0, 3).Draw(rt, "winner")
		inWorld(t, sim.Config{Chooser: explore.NewRandom(seed, true)}, discovery.Options{Timeout: 100 * time.Millisecond}, func(c *check) {
			var tablets []*gatetest.Tablet
			for i := range 4 {
				tablets = append(tablets, c.add(fmt.Sprintf("zone1-%d", 100+i), topodata.Replica))
			}
			for _, e := range script {
				c.happen(tablets, e)
			}
			for _, tablet := range tablets {
				tablet.Down = false
				c.hc.ReplaceTablet(tablet.Record.Alias, tablet.Record)
				tablet.Type = topodata.Primary
				tablet.Say(false, 1)
			}
			c.env.Sleep(50 * time.Millisecond)
			for i, tablet := range tablets {
				tablet.Type = topodata.Replica
				if i == winner {
					tablet.Type = topodata.Primary
				}
				tablet.Say(true, 9)
			}
			c.env.Sleep(50 * time.Millisecond)
			c.env.Assert(c.healthy(topodata.Primary) == fmt.Sprint(100+winner), "the primary is listed")
			c.env.Assert(len(c.hc.HealthyTablets(query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Replica})) == 3, "and the replicas")
		})
	})
}
