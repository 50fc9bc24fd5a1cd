package explore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// machine is a few tasks that each do a few operations on shared tools, and one of their own.
type machine struct {
	tasks [][]int

	views   []string // what each task saw
	carried []int    // what each has loaded and not stored yet
	done    []int    // how many operations each has done
	x, y    *sim.Atomic[int]
	event   *sim.Event
	ch      *sim.Chan[int]
	guarded int
}

func drawMachine(t *rapid.T) machine {
	return machine{tasks: rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 9), 1, 3), 2, 3).Draw(t, "tasks")}
}

// operations are what task i can do.
func (m *machine) operations(e *sim.Env, mu *sim.Mutex, i int) []func() {
	look := func(what string, v any) { m.views[i] += fmt.Sprint(what, v, " ") }
	own := sim.NewAtomic(e, "own", 0)
	return []func(){
		func() { m.x.Store(i + 1) },
		func() { look("x", m.x.Load()) },
		func() { m.carried[i] = m.y.Load(); m.y.Store(m.carried[i] + 1) },
		func() { mu.Lock(); look("g", m.guarded); m.guarded = m.guarded*3 + i + 1; mu.Unlock() },
		func() { m.event.Set(); look("y", m.y.Load()) },
		func() { look("e", e.Select(sim.OnEvent(m.event), e.After(time.Second))) },
		func() { look("sent", e.Select(sim.OnSend(m.ch, 7), sim.OnEvent(m.event), e.After(time.Second))) },
		func() { _, got := m.ch.TryRecv(); look("got", got) },
		func() { e.Sleep(time.Duration(i%2) * time.Second); own.Load(); e.Sleep(time.Second) },
		func() { own.Store(own.Load() + 1); own.Store(own.Load() + 1) },
	}
}

// play gives all that the tasks saw.
func (m *machine) play(c sim.Chooser) (saw string, out sim.Outcome) {
	n := len(m.tasks)
	m.views, m.carried, m.done, m.guarded = make([]string, n), make([]int, n), make([]int, n), 0
	w := sim.New(sim.Config{Chooser: c, MaxTime: sim.Time(time.Minute)})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		m.x, m.y = sim.NewAtomic(e, "x", 0), sim.NewAtomic(e, "y", 0)
		m.event, m.ch = e.NewEvent("event"), sim.NewChan[int](e, "ch", 1)
		mu := e.NewMutex("mu")
		for i, ops := range m.tasks {
			do := m.operations(e, mu, i)
			e.Go(fmt.Sprint("p", i), func() {
				for _, op := range ops {
					do[op]()
					m.done[i]++
				}
			})
		}
	})
	out = w.Run()
	return fmt.Sprint(m.views, m.y.Load(), out.Kind), out
}

func (m *machine) search() explore.StateSearch {
	return explore.StateSearch{
		Limit: 100_000,
		State: func(s *explore.State, _ *sim.Point, _ int) {
			text := fmt.Sprint(m.views, m.carried, m.done, m.x.Load(), m.y.Load(), m.event.IsSet(), m.ch.Len(), m.guarded)
			s.Shared = sim.HashString(0, text)
		},
		Task: func(t *explore.TaskState) {},
		Uses: []explore.Use{{Tool: "own"}},
	}
}

// Whatever comes out under any schedule, any timer firing at any time, also comes out under one
// that the search tries; and nothing else.
func TestStateSearchLosesNoOutcome(t *testing.T) {
	simtest.Checks(t, 60, 2000)
	complete := 0
	rapid.Check(t, func(t *rapid.T) {
		m := drawMachine(t)
		all, tried := map[string]bool{}, map[string]bool{}
		stats, err := explore.Exhaustive(6_000, 99, func(c sim.Chooser) error {
			saw, _ := m.play(explore.WithEarlyTimers(c, ""))
			all[saw] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := m.search().Run(func(c sim.Chooser) error {
			if saw, out := m.play(c); out.ID != explore.StopRedundant {
				tried[saw] = true
			}
			return nil
		})
		if err != nil || !found.Complete {
			t.Fatal(err, found)
		}
		for saw := range all {
			if !tried[saw] {
				t.Fatalf("%v\nis missing after %+v; there are\n%v", saw, found, tried)
			}
		}
		if stats.Complete {
			complete++
			if len(all) != len(tried) {
				t.Fatalf("%d outcomes instead of %d", len(tried), len(all))
			}
		}
	})
	require.NotZero(t, complete)
}

// Requests that are alike are tried in one order only.
func TestStateSearchKnowsWhatIsAlike(t *testing.T) {
	const n = 5
	search := func(alike bool) explore.StateStats {
		var done []int
		var x *sim.Atomic[int]
		s := explore.StateSearch{
			Limit: 100_000,
			State: func(s *explore.State, _ *sim.Point, _ int) {
				s.Shared = uint64(x.Load())
				for _, d := range done {
					s.Parts = append(s.Parts, uint64(d))
				}
			},
			Task: func(t *explore.TaskState) {
				if alike && strings.HasPrefix(t.Name, "h/p") {
					t.Kind, t.Part = "p", int(t.Name[3]-'0')
				}
			},
		}
		stats, err := s.Run(func(c sim.Chooser) error {
			done = make([]int, n)
			w := sim.New(sim.Config{Chooser: c})
			w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
				x = sim.NewAtomic(e, "x", 0)
				for i := range n {
					e.Go(fmt.Sprint("p", i), func() {
						x.CompareAndSwap(0, 1)
						x.Store(0)
						done[i] = 1
					})
				}
			})
			w.Run()
			return nil
		})
		require.NoError(t, err)
		require.True(t, stats.Complete)
		return stats
	}
	alike, each := search(true), search(false)
	require.Less(t, 10*alike.States, each.States)
	t.Logf("%d states instead of %d", alike.States, each.States)
}

// A use of a tool that nobody spoke of ends the search.
func TestStateSearchSeesOtherUses(t *testing.T) {
	m := machine{tasks: [][]int{{1}, {0}}}
	s := m.search()
	s.Uses = append(s.Uses, explore.Use{Tool: "x", Ops: []sim.Op{sim.OpLoad}})
	_, err := s.Run(func(c sim.Chooser) error { m.play(c); return nil })
	require.ErrorContains(t, err, "nobody said that h/p1 does store with x")
}

// A task that goes round in a circle of its own steps does not keep others from being tried, and
// the circle is told.
func TestStateSearchLeavesCircles(t *testing.T) {
	var x *sim.Atomic[int]
	ends := 0
	s := explore.StateSearch{
		Limit: 1000,
		State: func(s *explore.State, _ *sim.Point, _ int) { s.Shared = uint64(x.Load()) },
		Task:  func(t *explore.TaskState) {},
		Uses:  []explore.Use{{Tool: "own"}},
	}
	stats, err := s.Run(func(c sim.Chooser) error {
		w := sim.New(sim.Config{Chooser: c})
		w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
			x = sim.NewAtomic(e, "x", 0)
			own := sim.NewAtomic(e, "own", 0)
			e.Go("spins", func() {
				for x.Load() == 0 {
					own.Load()
				}
			})
			e.Go("ends it", func() { x.Store(1) })
		})
		if w.Run().Kind == sim.Finished {
			ends++
		}
		return nil
	})
	require.NoError(t, err)
	require.True(t, stats.Complete)
	require.NotZero(t, stats.Circles)
	require.NotZero(t, ends)
}
