package buffer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
)

func behaviorsOf(t *testing.T, name string) release.Behaviors {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p.Behaviors
}

// lockedWatcher is a watcher with the locks of the real one: it sends events, while it holds its
// lock, to a channel with room for ten.
// spec: C-9
type lockedWatcher struct {
	mu     *sim.Mutex
	events *sim.Chan[*buffer.KeyspaceEvent]
}

func (w *lockedWatcher) MarkShardNotServing(string, string, bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return true
}

// manyEvents makes the watcher send twenty events at t = 1 s, just before a request that sees
// a failover, and has one consumer hand them to the buffer.
func manyEvents() (*story, *lockedWatcher) {
	w := &lockedWatcher{}
	s := newStory(
		at(0, func(s *story) {
			w.mu = s.env.NewMutex("keyspace.mu")
			w.events = sim.NewChan[*buffer.KeyspaceEvent](s.env, "events", 10)
			s.env.GoDaemon("consumer", func() {
				for ev, ok := w.events.Recv(); ok; ev, ok = w.events.Recv() {
					s.buffer.HandleKeyspaceEvent(ev)
				}
			})
		}),
		at(1, func(s *story) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for i := range uint32(20) {
				w.events.Send(keyspaceEvent(1+i%2, true, "0"))
			}
		}),
		req("R1", 1, F),
	)
	s.watcher = w
	return s, w
}

// The request holds the shard's lock and waits for the watcher's; the watcher holds that and
// waits for room in the channel; the consumer that makes room waits for the shard's lock.
// spec: C-9, P-25
func TestDeadlockWithTheWatcherIsReported(t *testing.T) {
	s, _ := manyEvents()
	out := s.play()
	require.Equal(t, sim.Deadlock, out.Kind, out.Detail)
	require.Contains(t, out.Detail, "keyspace.mu")
	require.Contains(t, out.Detail, "to send gate-1/events")

	fixed, _ := manyEvents()
	fixed.behaviors.MarkWindow = true
	fixed.run(t)
	require.Contains(t, fixed.results["R1"], "@1s")
}

// slowWatcher answers after a second, and may refuse.
type slowWatcher struct {
	s      *story
	answer bool
}

func (w *slowWatcher) MarkShardNotServing(string, string, bool) bool {
	w.s.env.Sleep(sec(1))
	return w.answer
}

func markWindow(answer bool, steps ...step) *story {
	s := newStory(steps...)
	s.behaviors.MarkWindow = true
	s.watcher = &slowWatcher{s, answer}
	return s
}

// spec: M-1..M-6
func TestMarkWindow(t *testing.T) {
	t.Run("requests that come meanwhile queue before the marking one", func(t *testing.T) {
		s := markWindow(true, req("R1", 0, F), req("R2", .5, N), ev(3, 2, true)).run(t)
		require.Equal(t, map[string]string{"R1": "ok@3s", "R2": "ok@3s"}, s.results)
	})
	t.Run("a refusal drains them and leaves no cool-down", func(t *testing.T) {
		s := markWindow(false, req("R1", 0, F), req("R2", .5, N), req("R3", 2, F))
		s.run(t)
		require.Equal(t, map[string]string{"R1": "pass@1s", "R2": "ok@1s", "R3": "pass@3s"}, s.results)
		require.EqualValues(t, 2, s.counts()["stops{MarkNotServingFailed}"])
		require.EqualValues(t, 2, s.counts()["starts"])
	})
	t.Run("a failover that ended meanwhile lets the marking request pass", func(t *testing.T) {
		for _, answer := range []bool{true, false} {
			s := markWindow(answer, req("R1", 0, F), ev(.5, 2, true)).run(t)
			require.Equal(t, map[string]string{"R1": "pass@1s"}, s.results)
			require.EqualValues(t, 1, s.counts()["stops{NewPrimarySeen}"])
			require.Zero(t, s.counts()["stops{MarkNotServingFailed}"])
		}
	})
	t.Run("shutdown does not wait for the call", func(t *testing.T) {
		s := markWindow(true, req("R1", 0, F), shutdown(.5)).run(t)
		require.Equal(t, map[string]string{"R1": "pass@1s", "shutdown": "returned@500ms"}, s.results)
	})
}

// A caller that had passed the first look at the flag starts buffering after Shutdown returned,
// unless the flag is looked at again under the lock.
// spec: B-14, B-66, X-32
func TestStartAfterShutdown(t *testing.T) {
	play := func(b release.Behaviors) (passed, late, skipped int) {
		for seed := range uint64(300) {
			s := newStory(req("R1", 1, F), shutdown(1))
			s.behaviors = b
			s.sim = sim.Config{Chooser: explore.NewRandom(seed, true)}
			s.run(t)
			counts := s.counts()
			switch {
			case s.results["R1"] == "ok@11s":
				late++
			case s.results["R1"] == "pass@1s" && counts["requests_skipped{Shutdown}"] == 0 && counts["starts"] == 0:
				passed++
			case s.results["R1"] == "pass@1s":
				skipped++
			default:
				require.Equal(t, "ok@1s", s.results["R1"])
			}
		}
		return passed, late, skipped
	}
	passed, late, skipped := play(behaviorsOf(t, "v23"))
	require.NotZero(t, passed, "the quiet pass must happen")
	require.NotZero(t, skipped)
	require.Zero(t, late)
	_, late, _ = play(behaviorsOf(t, "v22"))
	require.NotZero(t, late, "the fault must show")
}

// spec: buffer 8.1, BUG_DRAIN_SEQUENTIAL
func TestDrainConcurrencyCountsFromV19(t *testing.T) {
	for name, last := range map[string]string{"v18": "ok@5s", "v19": "ok@4s"} {
		s := newStory(req("R1", 0, F, retryTakes(1)), req("R2", 1, N, retryTakes(1)), ev(4, 2, true))
		s.cfg.DrainConcurrency, s.behaviors = 2, behaviorsOf(t, name)
		require.Equal(t, last, s.run(t).results["R2"], name)
	}
}

// spec: buffer 8.1, BUG_NO_MARK
func TestWatcherIsToldFromV19(t *testing.T) {
	for name, result := range map[string]string{"v18": "ok@2s", "v19": "pass@0s"} {
		s := newStory(req("R1", 0, F), ev(2, 2, true))
		s.behaviors, s.watcher = behaviorsOf(t, name), &refusals{100}
		require.Equal(t, result, s.run(t).results["R1"], name)
	}
}

// spec: buffer 8.1
func TestDeniedTablesCountFromV18(t *testing.T) {
	denied := func() error {
		return vterr.New(vterr.FailedPrecondition, "disallowed due to rule: enforce denied tables")
	}
	for name, result := range map[string]string{"v17": "pass@0s", "v18": "ok@2s"} {
		s := newStory(req("R1", 0, denied), ev(2, 2, true))
		s.behaviors = behaviorsOf(t, name)
		require.Equal(t, result, s.run(t).results["R1"], name)
	}
}

// spec: buffer 8.2, BUG_REMOVE_NO_RELEASE
func TestOldBugLeaksSlots(t *testing.T) {
	for leak, slots := range map[bool]int{false: 0, true: 1} {
		s := newStory(req("R1", 0, F, contextEnds(1)))
		s.behaviors.CancelLeaksSlot = leak
		s.run(t)
		require.Equal(t, slots, s.buffer.Status().SlotsInUse)
	}
}

// health is a health record of the legacy signal.
func health(when float64, uid uint32, term int64) step {
	return at(when, func(s *story) {
		target := query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}
		s.buffer.ProcessPrimaryHealth(target, topodata.TabletAlias{Cell: "zone1", UID: uid}, term)
	})
}

// spec: L-1..L-5
func TestLegacySignal(t *testing.T) {
	tests := []struct {
		name   string
		steps  []step
		result string
	}{
		{"a newer term ends buffering", []step{health(0, 1, 100), req("R", 1, F), health(3, 2, 170)}, "ok@3s"},
		{"the same term does not", []step{health(0, 1, 100), req("R", 1, F), health(3, 2, 100)}, "ok@11s"},
		{"no term does not", []step{req("R", 1, F), health(3, 2, 0)}, "ok@11s"},
		{"an unbuffered change starts the cool-down", []step{health(0, 1, 100), health(1, 2, 170), req("R", 2, F)}, "pass@2s"},
		{"an old term changes nothing", []step{health(0, 1, 100), health(1, 2, 90), req("R", 2, F), health(3, 2, 170)}, "ok@3s"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(test.steps...)
			s.behaviors = behaviorsOf(t, "v17")
			require.Equal(t, test.result, s.run(t).results["R"])
		})
	}
	t.Run("a replica's record is a fault of the caller", func(t *testing.T) {
		s := newStory(at(0, func(s *story) {
			s.buffer.ProcessPrimaryHealth(query.Target{TabletType: topodata.Replica}, topodata.TabletAlias{}, 1)
		}))
		require.Equal(t, "buffer-health-of-primary", s.play().ID)
	})
	t.Run("nothing happens after shutdown", func(t *testing.T) {
		s := newStory(shutdown(0), health(1, 1, 100)).run(t)
		require.Empty(t, s.buffer.Status().Shards)
	})
}

// Two failovers in two shards that differ in nothing but a dot in their names.
// spec: buffer 9, B-78
func TestDotsInNames(t *testing.T) {
	for shard, percent := range map[string]int64{"a": 20, "a.b": 0} {
		s := newStory(req("R1", 0, F, onShard(shard)), req("R2", 1, N, onShard(shard)), req("R3", 2, N, onShard(shard), contextEnds(1)), ev(4, 2, true, shard))
		s.cfg.Size = 15
		s.run(t)
		label := map[string]string{"a": "a", "a.b": "a_b"}[shard]
		require.Equal(t, percent, s.counts()[label+": utilization_sum"])
		require.EqualValues(t, 3, s.counts()[label+": last_requests_in_flight_max"])
	}
}

// Every profile plays a plain failover to its end.
func TestEveryReleaseBuffers(t *testing.T) {
	for _, p := range release.All() {
		s := newStory(ev(0, 1, true), req("R1", 1, F), req("R2", 2, N), ev(3, 2, true), shutdown(4))
		s.behaviors = p.Behaviors
		s.run(t)
		require.Equal(t, map[string]string{"R1": "ok@3s", "R2": "ok@3s", "shutdown": "returned@4s"}, s.results, p.Name)
	}
}

func TestSameRunSameHash(t *testing.T) {
	play := func() string {
		s := newStory(req("R1", 0, F), req("R2", 1, N, contextEnds(3)), ev(3, 2, true), shutdown(4))
		s.sim.Chooser = explore.NewRandom(7, true)
		out := s.play()
		return fmt.Sprint(out.String(), s.results, s.reg.Snapshot().Text())
	}
	require.Equal(t, play(), play())
}

// Recording what happens must not change what happens.
func TestTracingChangesNothing(t *testing.T) {
	bare := func(env *sim.Env) { episodeFor(env, 40) }
	hashes := map[bool]uint64{}
	for _, traced := range []bool{false, true} {
		cfg := sim.Config{Chooser: explore.NewRandom(3, true)}
		if traced {
			cfg.Sink = discard{}
		}
		w := sim.New(cfg)
		w.AddHost("gate-1", sim.HostOptions{}, bare)
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		hashes[traced] = out.Hash
	}
	require.Equal(t, hashes[false], hashes[true])
}

// episodeFor is a busy life of a buffer: evictions of all kinds, two failovers, skips.
func episodeFor(env *sim.Env, n int) {
	cfg := buffer.DefaultConfig()
	cfg.Enabled, cfg.Size = true, 5
	b := buffer.New(env, cfg, metrics.NewRegistry(env), release.Latest().Behaviors)
	for i := range n {
		env.Go("request", func() {
			env.Sleep(sec(float64(i)))
			ctx, cancel := env.WithTimeout(env.Background(), sec(float64(3+i%9)))
			defer cancel()
			if done, _ := b.WaitForFailoverEnd(ctx, "ks", "0", nil, F()); done != nil {
				env.Sleep(sec(.5))
				done()
			}
		})
	}
	env.Sleep(sec(13))
	b.HandleKeyspaceEvent(keyspaceEvent(1, true, "0"))
	env.Sleep(sec(20))
	b.Shutdown()
}
