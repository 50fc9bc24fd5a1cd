package buffer

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

func newest() release.Behaviors {
	all := release.All()
	return all[len(all)-1].Behaviors
}

// The properties of the formal model hold in all schedules of small worlds in which any timer
// may fire at any time. Those with three requests are too large to be searched to the end;
// there, and at night for longer, as many runs are made as there is time for.
// spec: P-1..P-10, P-15..P-18, C-1..C-8
func TestPropertiesOfTheFormalModel(t *testing.T) {
	b := newest()
	for _, test := range []struct {
		name     string
		world    modelWorld
		complete bool
		limit    int
	}{
		{"a request that may give up", modelWorld{requests: 1, cancels: 1, behaviors: b}, true, 10_000},
		{"two requests", modelWorld{requests: 2, behaviors: b}, true, 30_000},
		{"a request and shutdown", modelWorld{requests: 1, shutdown: true, behaviors: b}, true, 30_000},
		{"a request and an event", modelWorld{requests: 1, events: 1, behaviors: b}, true, 10_000},
		{"two requests and an event", modelWorld{requests: 2, events: 1, behaviors: b}, false, 3_000},
		{"three requests", modelWorld{requests: 3, behaviors: b}, false, 3_000},
		{"three requests and everything", modelWorld{requests: 3, cancels: 3, events: 1, shutdown: true, behaviors: b}, false, 3_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			if simtest.Nightly() {
				test.limit *= 100
			}
			start := time.Now()
			stats, err := test.world.search(test.limit, true)
			require.NoError(t, err, "%s", stats.Failing)
			require.True(t, stats.Complete || !test.complete, "%+v", stats)
			t.Logf("%d runs, %d of them to the end, %d states, complete: %t, in %v", stats.Runs, stats.Runs-stats.Redundant, stats.States, stats.Complete, time.Since(start).Round(time.Millisecond))
		})
	}
}

// What becomes of requests in a schedule that the search leaves out, because it knows the
// state, becomes of them in another one.
func TestKnownStatesHideNoOutcome(t *testing.T) {
	for _, m := range []modelWorld{{requests: 1, cancels: 1, behaviors: newest()}, {requests: 1, shutdown: true, behaviors: newest()}} {
		outcomes := [2]map[string]bool{{}, {}}
		for i, cached := range []bool{false, true} {
			stats, err := m.searchWith(60_000, true, cached, func(r *modelRun) {
				for _, x := range r.entries {
					outcomes[i][x.left] = true
				}
			})
			require.NoError(t, err)
			t.Logf("cached %t: %d runs, complete: %t, %d outcomes", cached, stats.Runs, stats.Complete, len(outcomes[i]))
		}
		require.Equal(t, outcomes[0], outcomes[1])
		require.Greater(t, len(outcomes[1]), 1)
	}
}

// Each fault that the formal model knows is found, by the property that it breaks.
// spec: buffer 8.2, B-14, B-27, B-39
func TestFaultsOfTheFormalModelAreFound(t *testing.T) {
	with := func(change func(*release.Behaviors)) release.Behaviors {
		b := newest()
		change(&b)
		return b
	}
	for _, test := range []struct {
		name, breaks string
		world        modelWorld
		untimed      bool
	}{
		{
			"BUG_LOST_WAKEUP", "WindowEnforced", modelWorld{
				requests: 2, arrivals: []time.Duration{0, modelWindow},
				behaviors: with(func(b *release.Behaviors) { b.TimeoutNoticeRemembered = false }),
			}, false,
		},
		{
			"BUG_NO_STOPPED_RECHECK", "P-6", modelWorld{
				requests: 1, shutdown: true, behaviors: with(func(b *release.Behaviors) { b.StoppedRecheck = false }),
			}, true,
		},
		{
			"BUG_REMOVE_NO_RELEASE", "SlotConservation", modelWorld{
				requests: 1, cancels: 1, behaviors: with(func(b *release.Behaviors) { b.CancelLeaksSlot = true }),
			}, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			stats, err := test.world.search(50_000, test.untimed)
			require.ErrorIs(t, err, errModel)
			require.ErrorContains(t, err, test.breaks)
			t.Logf("found in run %d", stats.Runs)
			sound := test.world
			sound.behaviors = newest()
			stats, err = sound.search(50_000, test.untimed)
			require.NoError(t, err, "without the fault")
			t.Logf("without it: %d runs, complete: %t", stats.Runs, stats.Complete)
		})
	}
}

// lostWakeup plays two requests, the second of which comes when the first one's window is
// over, by a release that can lose its notice.
func lostWakeup(c sim.Chooser, pool *sim.Pool) (signature string, w *sim.World) {
	b := newest()
	b.TimeoutNoticeRemembered = false
	r := modelWorld{requests: 2, size: 2, arrivals: []time.Duration{0, modelWindow}, behaviors: b}.begin()
	_, out := r.finish(sim.Config{Chooser: c, Pool: pool})
	if err := r.verdict(out); err != nil {
		signature = "WindowEnforced"
		if !slices.ContainsFunc(r.broken, func(s string) bool { return s[:6] == "Window" }) {
			signature = "other"
		}
	}
	return signature, r.world
}

// A schedule that a random walk finds shrinks to at most three interruptions, and replays
// strictly from its text.
func TestLostWakeupShrinks(t *testing.T) {
	pool := sim.NewPool()
	defer pool.Close()
	for _, text := range []string{"random", "pos", "random+stall"} {
		strategy, err := explore.Parse(text)
		require.NoError(t, err)
		found := false
		for seed := uint64(1); seed < 5000 && !found; seed++ {
			c := strategy.Chooser(seed, explore.Estimate{})
			signature, w := lostWakeup(c, pool)
			if found = signature != ""; !found {
				continue
			}
			from := explore.Recorded(w, c)
			run := func(c *explore.Replay) string { s, _ := lostWakeup(c, pool); return s }
			shrunk, err := explore.Shrinker{Run: run, Attempts: 3000}.Shrink(from)
			require.NoError(t, err)
			before, _, _ := from.Departures()
			all, stalls, switches := shrunk.Decisions.Departures()
			t.Logf("%s: seed %d; %d departures shrink to %d in %d runs: %s", text, seed, before, all, shrunk.Attempts, shrunk.Decisions)
			require.LessOrEqual(t, stalls+switches, 3)
			again, err := explore.ParseDecisions(shrunk.Decisions.String())
			require.NoError(t, err)
			require.Equal(t, signature, run(again.StrictReplay()))
		}
		require.True(t, found, text)
	}
}

// Whatever schedule a fuzzer thinks of, the newest release keeps the properties.
// spec: P-1..P-18
func FuzzSchedules(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 2, 1, 1, 3, 0, 0, 200, 1, 7})
	f.Fuzz(func(t *testing.T, tape []byte) {
		m := modelWorld{requests: 3, arrivals: []time.Duration{0, modelWindow, modelWindow}, cancels: 1, events: 1, shutdown: true, behaviors: newest()}
		r := m.begin()
		_, out := r.finish(sim.Config{Chooser: explore.NewTape(tape, false)})
		require.NoError(t, r.verdict(out))
	})
}

// BenchmarkExploration tells how many runs and steps a second the strategies make of the
// buffer; first is what the world itself costs.
func BenchmarkExploration(b *testing.B) {
	m := modelWorld{requests: 3, arrivals: []time.Duration{0, modelWindow, modelWindow}, cancels: 1, events: 1, shutdown: true, behaviors: newest()}
	for _, text := range []string{"first", "random", "uniform", "pct:3", "pos", "preempt:2", "random+stall", "random+untimed", "portfolio"} {
		b.Run(text, func(b *testing.B) {
			strategy, err := explore.Parse(text)
			require.NoError(b, err)
			pool := sim.NewPool()
			defer pool.Close()
			steps, seed := uint64(0), uint64(0)
			for b.Loop() {
				seed++
				_, out := m.begin().finish(sim.Config{Chooser: strategy.Chooser(seed, explore.Estimate{}), Pool: pool})
				steps += out.Steps
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
