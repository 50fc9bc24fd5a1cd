package discovery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/metrics"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/trace"
)

// witness looks into a health check at the end of each of its updates, before anything else can
// happen.
type witness struct {
	hc      *discovery.HealthCheck
	updates int
	broken  string
	// served are the shards of which a primary was ever listed.
	served map[string]bool
	// stale are the tablets whose cancelled loop may write once more: they may stand in its
	// bucket, too. spec: D-96
	stale map[topodata.TabletAlias]bool
}

func (w *witness) Record(e trace.Event) {
	if e.Kind != discovery.KindHealth {
		return
	}
	w.updates++
	subject, shard := e.Text("tablet"), e.Text("shard")
	buckets := map[topodata.TabletAlias]int{}
	w.hc.Cached(func(bucket topodata.TabletType, h *discovery.TabletHealth) {
		buckets[h.Alias()]++
		w.expect(buckets[h.Alias()] == 1 || w.stale[h.Alias()], "D-31: %s is cached twice", h.Alias())
		w.expect(w.hc.Known(h.Alias()), "DI-3: cached, but unknown: %s", h.Alias())
		w.expect(bucket == h.Target.TabletType, "D-31: %s in the bucket of %s", h.Alias(), bucket)
	})
	primaries := map[string]int{}
	w.hc.Listed(func(of string, list topodata.TabletType, h *discovery.TabletHealth) {
		if list == topodata.Primary {
			primaries[of]++
			w.served[of] = true
		} else {
			w.expect(w.hc.Known(h.Alias()), "DI-3: listed as %s, but unknown: %s", list, h.Alias())
		}
		name := fmt.Sprintf("%s-%d", h.Alias().Cell, h.Alias().UID)
		down := e.Text("serving") == "false" || e.Text("error") != ""
		w.expect(!down || name != subject || of != shard || list.Lower() != e.Text("type"), "DI-4: down, but listed as %s: %s", list, name)
	})
	for of, n := range primaries {
		w.expect(n == 1, "DI-1: %d primaries of %s", n, of)
	}
}

func (w *witness) expect(holds bool, format string, args ...any) {
	if !holds && w.broken == "" {
		w.broken = fmt.Sprintf("update %d: ", w.updates) + fmt.Sprintf(format, args...)
	}
}

// At every update of every history and under every schedule: what is cached or listed is known,
// a tablet that is down is not listed as what it is, there is one primary at most, and the
// watcher's event that a shard serves comes after the health check's list had a primary of it.
// spec: DI-1, DI-3, DI-4, DI-12, D-30, D-31, D-50
func TestEveryUpdateKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script, seed := events().Draw(rt, "events"), rapid.Uint64().Draw(rt, "schedule")
		b := behaviors(rapid.SampledFrom([]string{"v18", "v22", "v24", "main"}).Draw(rt, "release"))
		w := &witness{served: map[string]bool{}, stale: map[topodata.TabletAlias]bool{}}
		premature := ""
		world := sim.New(sim.Config{Sink: w, Chooser: explore.NewRandom(seed, true)})
		world.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
			c := &check{env: env, tablets: gatetest.NewTablets(env), registry: metrics.NewRegistry(env)}
			topo := gatetest.NewTopo("zone1")
			topo.SetKeyspace("ks", "0")
			c.hc = discovery.NewHealthCheck(env, c.tablets, nil, c.registry, discovery.Options{LocalCell: "zone1", Behaviors: b})
			w.hc = c.hc
			kew := discovery.NewKeyspaceEventWatcher(env, topo, topo, c.hc, "zone1", sim.Dist{}, b)
			told := kew.Subscribe()
			env.GoDaemon("events", func() {
				for {
					ev, _ := told.Recv()
					for _, s := range ev.Shards {
						if s.Serving && !w.served[s.Target.Shard] {
							premature = s.Target.Shard
						}
					}
				}
			})
			var tablets []*gatetest.Tablet
			for i := range 4 {
				tablets = append(tablets, c.add(fmt.Sprintf("zone1-%d", 100+i), topodata.Replica))
			}
			for _, e := range script {
				if e.what == "add" && !b.StaleLoopFenced {
					w.stale[tablets[e.tablet].Record.Alias] = true
				}
				c.happen(tablets, e)
			}
			env.Sleep(10 * time.Millisecond)
			env.Stop("over")
		})
		out := world.Run()
		require.Equal(rt, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
		require.Empty(rt, w.broken)
		require.Empty(rt, premature, "DI-12")
		require.GreaterOrEqual(rt, w.updates, 4)
	})
}

// lines is a sink for log lines.
type lines struct{ into *[]string }

func linesOf(into *[]string) trace.Sink { return lines{into} }

func (l lines) Record(e trace.Event) {
	if e.Kind == trace.KindLog {
		*l.into = append(*l.into, e.Text("text"))
	}
}
