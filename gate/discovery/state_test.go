package discovery

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/trace"
)

// handMade gives a watcher what a test sends: health updates and serving records of one
// keyspace.
type handMade struct {
	updates  *sim.Chan[*TabletHealth]
	listener func(*topodata.SrvKeyspace, error) bool
}

func (h *handMade) Subscribe(string) *sim.Chan[*TabletHealth] { return h.updates }

func (h *handMade) GetSrvKeyspaceNames(*sim.Context, string, bool) ([]string, error) {
	return []string{"ks"}, nil
}

func (h *handMade) WatchSrvKeyspace(_, _ string, listener func(*topodata.SrvKeyspace, error) bool) {
	listener(record("-80", "80-"), nil)
	h.listener = listener
}

func (h *handMade) WatchSrvVSchema(string, func(*topodata.SrvVSchema, error) bool) {}

func (h *handMade) GetShard(*sim.Context, string, string) (*topodata.Shard, error) { return nil, nil }

func record(shards ...string) *topodata.SrvKeyspace {
	p := topodata.Partition{ServedType: topodata.Primary}
	for _, name := range shards {
		p.ShardReferences = append(p.ShardReferences, topodata.ShardReference{Name: name})
	}
	return &topodata.SrvKeyspace{Partitions: []topodata.Partition{p}}
}

// consistencies counts the keyspaces that became consistent.
type consistencies int

func (n *consistencies) Record(e trace.Event) {
	if e.Kind == trace.KindLog && strings.HasSuffix(e.Text("text"), "is now consistent") {
		*n++
	}
}

// The watcher's invariants hold whatever comes, in whatever order its tasks run.
// spec: DI-6, DI-7, DI-8, DI-9
func TestWatcherInvariants(t *testing.T) {
	profile, err := release.Lookup("main")
	require.NoError(t, err)
	shards := []string{"-80", "80-", "-"}
	rapid.Check(t, func(rt *rapid.T) {
		seed, source := rapid.Uint64().Draw(rt, "schedule"), rapid.Uint64().Draw(rt, "input")
		count, sent := consistencies(0), 0
		w := sim.New(sim.Config{Seed: source, Chooser: explore.NewRandom(seed, true), Sink: &count})
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
			hand := &handMade{updates: sim.NewChan[*TabletHealth](env, "updates", 8)}
			kew := NewKeyspaceEventWatcher(env, hand, hand, hand, "zone1", sim.Dist{}, profile.Behaviors)
			events := kew.Subscribe()
			env.GoDaemon("consume", func() {
				for {
					events.Recv()
					sent++
				}
			})
			kss := kew.keyspace("ks")
			terms := map[*shardState]int64{}
			check := func() { kss.check(env, terms) }
			group := env.NewWaitGroup("input")
			group.Go("health", func() {
				rand := env.Rand("health")
				for range 30 {
					shard := shards[rand.Intn(3)]
					hand.updates.Send(&TabletHealth{
						Tablet:  topodata.Tablet{Alias: topodata.TabletAlias{Cell: "zone1", UID: uint32(rand.Intn(3))}},
						Target:  query.Target{Keyspace: "ks", Shard: shard, TabletType: topodata.Primary},
						Serving: rand.Intn(3) > 0, PrimaryTermStartTime: int64(rand.Intn(6)),
					})
					check()
				}
			})
			group.Go("mark", func() {
				rand := env.Rand("mark")
				for range 10 {
					kew.MarkShardNotServing("ks", shards[rand.Intn(3)], rand.Intn(2) == 0)
					check()
					env.Sleep(0)
				}
			})
			group.Go("topo", func() {
				rand := env.Rand("topo")
				for range 6 {
					hand.listener([]*topodata.SrvKeyspace{record("-80", "80-"), record("-"), record("-80")}[rand.Intn(3)], nil)
					check()
					env.Sleep(0)
				}
			})
			group.Wait()
			env.Sleep(time.Millisecond)
			check()
			env.Stop("over")
		})
		out := w.Run()
		require.Equal(rt, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
		require.Equal(rt, int(count), sent, "DI-7")
	})
}

// check looks at the state at one instant; terms remembers the terms of earlier looks.
func (kss *keyspaceState) check(env *sim.Env, terms map[*shardState]int64) {
	kss.mu.Lock()
	defer kss.mu.Unlock()
	env.Assert(!kss.consistent || kss.whole(), "DI-6")
	for _, s := range kss.shards {
		env.Assert(!s.waitForReparent || !s.serving, "DI-9")
		env.Assert(s.term >= terms[s], "DI-8")
		terms[s] = s.term
	}
}

// While a primary is listed, its term does not go back. spec: DI-1, DI-2, D-33, D-34
func TestListedTermNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		hc := &HealthCheck{healthy: map[targetKey][]*TabletHealth{}}
		w := sim.New(sim.Config{})
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { hc.env = env })
		w.Run()
		key, last := targetKey{"ks", "0", topodata.Primary}, int64(0)
		for range rapid.IntRange(1, 50).Draw(rt, "updates") {
			h := &TabletHealth{
				Tablet:               topodata.Tablet{Alias: topodata.TabletAlias{Cell: "zone1", UID: rapid.Uint32Range(0, 2).Draw(rt, "tablet")}},
				PrimaryTermStartTime: rapid.Int64Range(0, 5).Draw(rt, "term"),
			}
			hc.updatePrimary(key, h, rapid.Bool().Draw(rt, "up"))
			listed := hc.healthy[key]
			require.LessOrEqual(rt, len(listed), 1)
			if len(listed) == 0 {
				last = 0
				continue
			}
			require.GreaterOrEqual(rt, listed[0].PrimaryTermStartTime, last)
			last = listed[0].PrimaryTermStartTime
		}
	})
}
