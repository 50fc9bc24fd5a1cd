package buffer

import (
	"slices"
	"strings"
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

// with are the newest behaviours with a change.
func with(change func(*release.Behaviors)) release.Behaviors {
	b := newest()
	change(&b)
	return b
}

// The properties of the formal model hold in every state of worlds in which any timer may fire
// at any time. No schedule comes back to a state of its own, so each comes to an end.
// spec: P-1..P-10, P-15..P-18, C-1..C-8
func TestPropertiesOfTheFormalModel(t *testing.T) {
	b := newest()
	for _, test := range []struct {
		name    string
		world   modelWorld
		nightly bool
	}{
		{"one request that may give up, an event and shutdown", modelWorld{requests: 1, cancels: 1, events: 1, shutdown: true, behaviors: b}, false},
		{"two requests", modelWorld{requests: 2, behaviors: b}, false},
		{"two requests that may give up", modelWorld{requests: 2, cancels: 2, behaviors: b}, false},
		{"two requests and shutdown", modelWorld{requests: 2, shutdown: true, behaviors: b}, false},
		{"three requests", modelWorld{requests: 3, behaviors: b}, false},
		{"three requests and an event", modelWorld{requests: 3, events: 1, behaviors: b}, false},
		{"three requests and shutdown", modelWorld{requests: 3, shutdown: true, behaviors: b}, false},
		{"three requests, of which one may give up", modelWorld{requests: 3, cancels: 1, behaviors: b}, false},
		{"three requests, an event and shutdown", modelWorld{requests: 3, events: 1, shutdown: true, behaviors: b}, true},
		{"three requests, of which one may give up, and an event", modelWorld{requests: 3, cancels: 1, events: 1, behaviors: b}, true},
		{"three requests that may give up", modelWorld{requests: 3, cancels: 3, behaviors: b}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.nightly && !simtest.Nightly() {
				t.Skip("takes more than ten seconds; BUFSIM_NIGHTLY=1 searches it")
			}
			start := time.Now()
			stats, err := test.world.searchStates(10_000_000, false)
			require.NoError(t, err, "%s", stats.Failing)
			require.True(t, stats.Complete)
			require.Zero(t, stats.Circles)
			t.Logf("%d schedules to the end and %d to a known state; %d states; %v", stats.Schedules, stats.Runs-stats.Schedules, stats.States, time.Since(start).Round(time.Millisecond))
		})
	}
}

// end is what a search tells of runs that come to their end: what became of the requests, and
// which properties are broken.
type end struct{ fates, broken string }

func endOf(r *modelRun, out sim.Outcome) end {
	err := r.verdict(out)
	e := end{r.fates(), r.brokenNames()}
	if err != nil && out.Failed() {
		e.broken += " and the run failed"
	}
	return e
}

// What the search leaves out hides nothing: the ends of runs, and what they break, are those of
// two other searches. One tries each alternative of each operation, also under locks, and ends
// where a state is known; the other knows no states, and leaves out orders of steps that touch
// nothing in common.
func TestReducedSearchComesToTheSameEnds(t *testing.T) {
	leaks := with(func(b *release.Behaviors) { b.CancelLeaksSlot = true })
	restarts := with(func(b *release.Behaviors) { b.StoppedRecheck = false })
	forgets := with(func(b *release.Behaviors) { b.TimeoutNoticeRemembered = false })
	for _, test := range []struct {
		name          string
		world         modelWorld
		ends          int
		plain, orders bool // by day, too
	}{
		{"a request", modelWorld{requests: 1, behaviors: newest()}, 2, true, true},
		{"a request that may give up", modelWorld{requests: 1, cancels: 1, behaviors: newest()}, 3, true, true},
		{"a request and an event", modelWorld{requests: 1, events: 1, behaviors: newest()}, 2, true, true},
		{"a request and shutdown", modelWorld{requests: 1, shutdown: true, behaviors: newest()}, 3, false, true},
		{"two requests", modelWorld{requests: 2, behaviors: newest()}, 7, false, false},
		{"a slot is lost", modelWorld{requests: 1, cancels: 1, behaviors: leaks}, 3, true, true},
		{"a start after shutdown", modelWorld{requests: 1, shutdown: true, behaviors: restarts}, 9, false, true},
		{"a notice is lost", modelWorld{requests: 2, behaviors: forgets}, 8, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := test.world
			m.remembers = true
			ends := m.endsOf(t, "reduced", func(judge judgement) (bool, int, error) { return m.reduced(judge, false) })
			require.Len(t, ends, test.ends)
			if test.plain || simtest.Nightly() {
				require.Equal(t, m.endsOf(t, "plain", func(judge judgement) (bool, int, error) { return m.reduced(judge, true) }), ends)
			}
			if test.orders || simtest.Nightly() {
				require.Equal(t, m.endsOf(t, "orders", m.orders), unseen(ends, "TimeoutThreadNotBlind"))
			}
		})
	}
}

// unseen are ends as one sees them who does not look between steps, where the property breaks.
func unseen(ends map[end]bool, property string) map[end]bool {
	list := map[end]bool{}
	for e := range ends {
		list[end{e.fates, strings.TrimSpace(strings.ReplaceAll(e.broken, property, ""))}] = true
	}
	return list
}

type judgement func(*modelRun, sim.Outcome) error

// endsOf collects the ends of a search that goes on, whatever is broken.
func (m modelWorld) endsOf(t *testing.T, name string, search func(judgement) (complete bool, runs int, err error)) map[end]bool {
	ends := map[end]bool{}
	complete, runs, err := search(func(r *modelRun, out sim.Outcome) error {
		if out.ID != explore.StopRedundant {
			ends[endOf(r, out)] = true
		}
		return nil
	})
	require.NoError(t, err)
	require.True(t, complete, name)
	t.Logf("%s: %d runs to %d ends", name, runs, len(ends))
	return ends
}

func (m modelWorld) reduced(judge judgement, plain bool) (bool, int, error) {
	stats, err := m.searchWith(10_000_000, plain, judge)
	return stats.Complete, stats.Runs, err
}

func (m modelWorld) orders(judge judgement) (bool, int, error) {
	pool := sim.NewPool()
	defer pool.Close()
	search := explore.Search{Limit: 10_000_000, Untimed: true, AnyClock: true, Sections: true}
	stats, err := search.Run(func(c sim.Chooser) error {
		r := m.begin()
		r.untimed = true
		_, out := r.finish(sim.Config{Chooser: c, Pool: pool})
		return judge(r, out)
	})
	return stats.Complete, stats.Runs, err
}

// Each fault that the formal model knows is found by the same search among three requests, by
// the property that it breaks; and in the smallest world that can have it, by a schedule that
// shrinks to a few departures from the dull one.
// spec: buffer 8.2, B-14, B-27, B-39, P-6
func TestFaultsOfTheFormalModelAreFound(t *testing.T) {
	for _, test := range []struct {
		name, breaks, breaksSmall string
		world                     modelWorld
		smallest                  int // requests
		fault                     func(*release.Behaviors)
	}{
		{
			"BUG_LOST_WAKEUP", "TimeoutThreadNotBlind", "TimeoutThreadNotBlind",
			modelWorld{},
			2,
			func(b *release.Behaviors) { b.TimeoutNoticeRemembered = false },
		},
		{
			"BUG_NO_STOPPED_RECHECK", "ShutdownIsFinal", "P-6",
			modelWorld{shutdown: true},
			1,
			func(b *release.Behaviors) { b.StoppedRecheck = false },
		},
		{
			"BUG_REMOVE_NO_RELEASE", "SlotConservation", "SlotConservation",
			modelWorld{cancels: 1},
			1,
			func(b *release.Behaviors) { b.CancelLeaksSlot = true },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := test.world
			m.requests, m.behaviors = 3, with(test.fault)
			stats, err := m.searchStates(100_000, false)
			require.ErrorIs(t, err, errModel)
			require.ErrorContains(t, err, test.breaks)
			t.Logf("three requests: found in run %d: %v", stats.Runs, err)

			m.requests = test.smallest
			stats, err = m.searchStates(100_000, false)
			require.ErrorContains(t, err, test.breaksSmall)
			run := func(c *explore.Replay) string { return m.replay(c, test.breaksSmall) }
			require.NotEmpty(t, run(stats.Failing.StrictReplay()), "the schedule replays")
			shrunk, err := explore.Shrinker{Run: run, Attempts: 2000}.Shrink(stats.Failing)
			require.NoError(t, err)
			all, _, _ := shrunk.Decisions.Departures()
			t.Logf("%d requests: found in run %d, %d departures: %s", m.requests, stats.Runs, all, shrunk.Decisions)
			require.LessOrEqual(t, all, 9)
		})
	}
}

// replay gives the property if the schedule breaks it, looking between all steps.
func (m modelWorld) replay(c *explore.Replay, property string) string {
	r := m.begin()
	r.untimed = true
	_, out := r.finish(sim.Config{Chooser: lookingOn{c, r}})
	if err := r.verdict(out); err != nil && strings.Contains(err.Error(), property) {
		return property
	}
	return ""
}

// lookingOn looks at the buffer whenever there is something to choose.
type lookingOn struct {
	*explore.Replay
	r *modelRun
}

// Choose implements sim.Chooser.
func (l lookingOn) Choose(p *sim.Point, n int) int {
	if l.r.b != nil && len(l.r.b.made) > 0 && (p.Kind == sim.KindTask || p.Kind == sim.KindSwitch) {
		l.r.lookInside(p, n)
	}
	return l.Replay.Choose(p, n)
}

// In a world at its times the lost notice makes a request wait for longer than its window.
// spec: B-39, buffer 8.2
func TestLostWakeupBreaksTheWindow(t *testing.T) {
	m := modelWorld{
		requests: 2, arrivals: []time.Duration{0, modelWindow},
		behaviors: with(func(b *release.Behaviors) { b.TimeoutNoticeRemembered = false }),
	}
	stats, err := m.search(50_000)
	require.ErrorIs(t, err, errModel)
	require.ErrorContains(t, err, "WindowEnforced")
	t.Logf("found in run %d", stats.Runs)
	m.behaviors = newest()
	stats, err = m.search(50_000)
	require.NoError(t, err)
	require.True(t, stats.Complete)
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
