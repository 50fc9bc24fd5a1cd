package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// system is everything below a session: health check, watcher, buffer and gateway, with two
// tablets of shard 0.
type system struct {
	env      *sim.Env
	world    *gatetest.Topo
	tablets  *gatetest.Tablets
	a, b     *gatetest.Tablet
	hc       *discovery.HealthCheck
	kew      *discovery.KeyspaceEventWatcher
	buffer   *buffer.Buffer
	gateway  *gateway.TabletGateway
	registry *metrics.Registry
	answers  []string // time and outcome of each request
}

func build(env *sim.Env, b release.Behaviors, cfg buffer.Config, shards ...string) *system {
	s := &system{env: env, world: gatetest.NewTopo("zone1"), tablets: gatetest.NewTablets(env), registry: metrics.NewRegistry(env)}
	s.world.SetKeyspace("ks", shards...)
	s.hc = discovery.NewHealthCheck(env, s.tablets, nil, s.registry, discovery.Options{LocalCell: "zone1", Behaviors: b})
	s.kew = discovery.NewKeyspaceEventWatcher(env, s.world, s.world, s.hc, "zone1", sim.Dist{}, b)
	s.buffer = buffer.New(env, cfg, s.registry, b)
	s.gateway = gateway.New(env, s.hc, s.kew, s.buffer, gateway.Options{LocalCell: "zone1", RetryCount: 2, Behaviors: b})
	s.gateway.ConsumeKeyspaceEvents(env.Background(), s.kew.Subscribe())
	return s
}

// tell plays a story for a minute and a half of its time. Tablet a is the primary with term
// 100, and both have spoken.
func tell(t *testing.T, b release.Behaviors, story func(s *system)) *system {
	t.Helper()
	cfg := buffer.DefaultConfig()
	cfg.Enabled = true
	var s *system
	w := sim.New(sim.Config{MaxTime: sim.Time(90 * time.Second)})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s = build(env, b, cfg, "0")
		s.a, s.b = s.add("zone1-100", "0", topodata.Primary), s.add("zone1-101", "0", topodata.Replica)
		s.a.Say(true, 100)
		s.b.Say(true, 0)
		env.Sleep(time.Millisecond)
		story(s)
		env.SleepUntil(sim.Time(80 * time.Second))
		env.Stop("over")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
	return s
}

func (s *system) add(alias, shard string, kind topodata.TabletType) *gatetest.Tablet {
	t := s.tablets.Add(gatetest.Record(alias, "ks", shard, kind))
	s.hc.AddTablet(t.Record)
	return t
}

// at does something at a second of the story.
func (s *system) at(second float64, fn func()) {
	s.env.Go("at", func() {
		s.env.SleepUntil(sim.Time(second * float64(time.Second)))
		fn()
	})
}

// request sends a request at a second.
func (s *system) request(second float64) {
	s.at(second, func() {
		_, err := s.gateway.Execute(s.env.Background(), query.MethodExecute,
			&query.ExecuteRequest{Target: query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}})
		text := "ok"
		if err != nil {
			text = err.Error()
		}
		s.answers = append(s.answers, fmt.Sprintf("%v %s", time.Duration(s.env.Now()), text))
	})
}

func (s *system) metric(name string) int64 {
	return s.registry.Snapshot().Map()["vtgate_buffer_"+name]
}

func (s *system) refuse(t *gatetest.Tablet, err error) {
	t.Answer = func(*sim.Context, string, any) (any, error) { return nil, err }
}

func (s *system) promoteB() {
	s.b.Type = topodata.Primary
	s.b.Say(true, 200)
}

const (
	reparentText = "target: ks.0.primary: primary is not serving, there may be a reparent operation in progress"
	oldError     = "target: ks.0.primary: operation not allowed in state SHUTTING_DOWN"
)

// spec: gateway 14.1
func TestReparentUnderLoad(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.refuse(s.a, vterr.ShuttingDown()) })
		s.request(1.1)
		s.request(2)
		s.at(4, func() { s.a.Say(false, 100) })
		s.at(5, s.promoteB)
		s.request(6)
	})
	require.Equal(t, []string{"5s ok", "5s ok", "6s ok"}, s.answers)
}

// spec: gateway 14.2
func TestReparentWhenIdle(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.a.Say(false, 100) })
		s.request(2)
		s.at(5, s.promoteB)
	})
	require.Equal(t, []string{"5s ok"}, s.answers)
}

// spec: gateway 14.3
func TestSecondReparentTooSoon(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.a.Say(false, 100) })
		s.request(2)
		s.at(3, s.promoteB)
		s.at(5, func() { s.b.Say(false, 200) })
		s.request(6)
	})
	require.Equal(t, []string{"3s ok", "6s " + reparentText}, s.answers)
	require.EqualValues(t, 2, s.metric(`requests_skipped{keyspace="ks",reason="LastFailoverTooRecent",shard_name="0"}`))
}

// spec: gateway 14.4, 14.5, G-76
func TestReparentSlowerThanWindowAndMaximum(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.a.Say(false, 100) })
		s.request(2)
		s.request(15)
		s.request(30)
		s.at(40, s.promoteB)
	})
	require.Equal(t, []string{"12s " + reparentText, "22s " + reparentText, "30s " + reparentText}, s.answers)
}

// The request that met the refusal cannot go back to its tablet; those held without an error
// can. spec: gateway 14.6, G-31
func TestUndoneReparent(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.refuse(s.a, vterr.ShuttingDown()) })
		s.request(1.1)
		s.request(2)
		s.at(3, func() { s.a.Say(false, 100) })
		s.at(5, func() {
			s.a.Answer = nil
			s.a.Say(true, 100)
		})
	})
	require.Equal(t, []string{"5s " + oldError, "5s ok"}, s.answers)
}

// W-1: the first request comes after the last not-serving message, and the same primary serves
// again: buffering lasts to its maximum, and each request waits out its window.
// spec: D-87, discovery 11.5
func TestWedgeAfterUndoneReparent(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.a.Say(false, 100) })
		s.request(2)
		s.at(3, func() { s.a.Say(true, 100) })
		s.request(15)
		s.request(50)
	})
	require.Equal(t, []string{"12s ok", "22s ok", "50s ok"}, s.answers)
	require.EqualValues(t, 1, s.metric(`stops{keyspace="ks",reason="MaxDurationExceeded",shard_name="0"}`))
}

// A release without the mark knows no W-1. spec: D-65, release switch MarkShardNotServing
func TestNoWedgeBeforeTheMark(t *testing.T) {
	s := tell(t, behaviors("v18"), func(s *system) {
		s.at(1, func() { s.a.Say(false, 100) })
		s.request(2)
		s.at(3, func() { s.a.Say(true, 100) })
	})
	require.Equal(t, []string{"3s ok"}, s.answers)
}

// A crash: UNAVAILABLE is returned, later requests are held until somebody serves.
// spec: gateway 14.8, G-34, G-69
func TestCrash(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() { s.refuse(s.a, vterr.New(vterr.Unavailable, "connection refused")) })
		s.request(1.1)
		s.at(2, s.a.Crash)
		s.request(3)
		s.at(6, s.promoteB)
	})
	require.Equal(t, []string{"1.1s target: ks.0.primary: connection refused", "6s ok"}, s.answers)
}

// Tablets answer a mismatch of the type with FAILED_PRECONDITION, which starts no buffering.
// spec: gateway 16.14, D-36
func TestStalePrimaryIsNoFailover(t *testing.T) {
	s := tell(t, behaviors("main"), func(s *system) {
		s.at(1, func() {
			s.refuse(s.a, vterr.WrongTabletType("PRIMARY", "REPLICA", "[]"))
			s.a.Type = topodata.Replica
			s.a.Say(true, 0)
		})
		s.request(2)
	})
	require.Equal(t, []string{"2s target: ks.0.primary: wrong tablet type: PRIMARY, want: REPLICA or []"}, s.answers)
}

// stuck plays a storm of primary terms in a keyspace of many shards while a request meets a
// refusal, under one schedule, and says whether request and watcher were stuck for good.
func stuck(t *testing.T, b release.Behaviors, seed uint64) bool {
	t.Helper()
	const shards = 8
	cfg := buffer.DefaultConfig()
	cfg.Enabled = true
	answered, asked := false, false
	w := sim.New(sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		var names []string
		for i := range shards {
			names = append(names, fmt.Sprintf("s%d", i))
		}
		s := build(env, b, cfg, names...)
		var tablets []*gatetest.Tablet
		for i, name := range names {
			tablet := s.add(fmt.Sprintf("zone1-%d", 100+i), name, topodata.Primary)
			s.refuse(tablet, vterr.ServerReadOnly("--super-read-only", "", ""))
			tablet.Say(true, 1)
			tablets = append(tablets, tablet)
		}
		env.Sleep(time.Second)
		env.Go("storm", func() {
			for term := range int64(150) {
				tablets[shards-1].Say(true, 2+term)
			}
		})
		rand, group := env.Rand("requests"), env.NewWaitGroup("requests")
		for _, name := range names {
			yields := rand.Intn(300)
			group.Go("request", func() {
				for range yields {
					env.Yield()
				}
				_, _ = s.gateway.Execute(env.Background(), query.MethodExecute,
					&query.ExecuteRequest{Target: query.Target{Keyspace: "ks", Shard: name, TabletType: topodata.Primary}})
			})
		}
		env.GoDaemon("answers", func() {
			group.Wait()
			answered = true
		})
		env.Sleep(50 * time.Second)
		env.GoDaemon("ask", func() {
			s.kew.TargetIsBeingResharded(query.Target{Keyspace: "ks", Shard: names[0]})
			asked = true
		})
		env.Sleep(time.Second)
		env.Stop("over")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	return !answered && !asked
}

// D-88: a request that starts buffering, the watcher and the consumer of events wait for each
// other for ever. It needs a full event channel, so releases that drop events are free of it,
// and so is marking outside the shard's lock. spec: D-67, D-88, C-9
func TestDeadlockOfMarkAndEvents(t *testing.T) {
	fixed := behaviors("v20")
	fixed.MarkWindow = true
	const seeds = 60
	count := func(b release.Behaviors) (n int) {
		for seed := range uint64(seeds) {
			if stuck(t, b, seed) {
				n++
			}
		}
		return n
	}
	require.Positive(t, count(behaviors("v20")))
	require.Zero(t, count(behaviors("v19")))
	require.Zero(t, count(fixed))
}
