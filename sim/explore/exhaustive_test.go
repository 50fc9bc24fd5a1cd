package explore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// under runs main in a world under a chooser.
func under(c sim.Chooser, main func(*sim.Env)) sim.Outcome {
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, main)
	return w.Run()
}

// Three procs that wake at one instant can do so in six orders.
func TestExhaustiveTriesEveryOrder(t *testing.T) {
	orders := map[string]int{}
	stats, err := explore.Exhaustive(1000, 0, func(c sim.Chooser) error {
		var order strings.Builder
		under(c, func(env *sim.Env) {
			for _, name := range []string{"a", "b", "c"} {
				env.Go(name, func() {
					env.Sleep(1)
					order.WriteString(name)
				})
			}
		})
		orders[order.String()]++
		return nil
	})
	require.NoError(t, err)
	require.True(t, stats.Complete)
	require.Len(t, orders, 6)
	require.GreaterOrEqual(t, stats.Deepest, 2)
	require.Greater(t, stats.Decisions, stats.Runs)
}

// lostUpdate is two procs that add one to a number, with a gap between load and store.
func lostUpdate(c sim.Chooser) (value int) {
	under(c, func(env *sim.Env) {
		n := sim.NewAtomic(env, "n", 0)
		group := env.NewWaitGroup("both")
		for range 2 {
			group.Go("adder", func() { n.Store(n.Load() + 1) })
		}
		group.Wait()
		value = n.Load()
	})
	return value
}

// A preemption between load and store loses an update, and the log of it can be replayed.
func TestExhaustiveFindsWhatNeedsAPreemption(t *testing.T) {
	lost := errors.New("an update is lost")
	run := func(c sim.Chooser) error {
		if lostUpdate(c) != 2 {
			return lost
		}
		return nil
	}
	stats, err := explore.Exhaustive(10_000, 0, run)
	require.NoError(t, err, "nobody is interrupted")
	require.True(t, stats.Complete)
	require.Nil(t, stats.Failing)

	stats, err = explore.Exhaustive(10_000, 1, run)
	require.ErrorIs(t, err, lost)
	require.Equal(t, 1, lostUpdate(explore.NewReplay(stats.Failing, true)))
}

func TestExhaustiveBoundsPreemptions(t *testing.T) {
	last := 0
	for bound := range 4 {
		stats, err := explore.Exhaustive(100_000, bound, func(c sim.Chooser) error {
			w := sim.New(sim.Config{Chooser: c})
			w.AddHost("h", sim.HostOptions{}, func(env *sim.Env) {
				n := sim.NewAtomic(env, "n", 0)
				for range 3 {
					env.Go("p", func() { n.Store(n.Load() + 1) })
				}
			})
			w.Run()
			switches := 0
			for _, d := range w.Decisions() {
				if d.Kind == sim.KindSwitch && d.C > 0 {
					switches++
				}
			}
			require.LessOrEqual(t, switches, bound)
			return nil
		})
		require.NoError(t, err)
		require.True(t, stats.Complete)
		require.Greater(t, stats.Runs, last, "a larger bound has more schedules")
		last = stats.Runs
	}
}

// No schedule comes twice.
func TestExhaustiveRepeatsNothing(t *testing.T) {
	seen := map[uint64]bool{}
	stats, err := explore.Exhaustive(100_000, 2, func(c sim.Chooser) error {
		out := under(c, func(env *sim.Env) {
			ch := sim.NewChan[int](env, "ch", 1)
			for i := range 2 {
				env.Go("sender", func() { ch.Send(i) })
			}
			env.Go("receiver", func() { ch.Recv(); ch.Recv() })
		})
		require.Equal(t, sim.Finished, out.Kind)
		require.False(t, seen[out.Hash])
		seen[out.Hash] = true
		return nil
	})
	require.NoError(t, err)
	require.Len(t, seen, stats.Runs)
}

func TestExhaustiveStopsAtTheLimit(t *testing.T) {
	stats, err := explore.Exhaustive(3, 2, func(c sim.Chooser) error {
		lostUpdate(c)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, stats.Runs)
	require.False(t, stats.Complete)
}

// A limit that is just enough is enough.
func TestExhaustiveIsCompleteAtItsLimit(t *testing.T) {
	run := func(c sim.Chooser) error {
		lostUpdate(c)
		return nil
	}
	all, err := explore.Exhaustive(100_000, 1, run)
	require.NoError(t, err)
	require.True(t, all.Complete)
	for limit, complete := range map[int]bool{all.Runs - 1: false, all.Runs: true, all.Runs + 1: true} {
		stats, err := explore.Exhaustive(limit, 1, run)
		require.NoError(t, err)
		require.Equal(t, complete, stats.Complete)
		require.Equal(t, min(limit, all.Runs), stats.Runs)
	}
}

// What is found first differs least from the dull schedule.
func TestExhaustiveFindsTheSimplestFirst(t *testing.T) {
	found := errors.New("found")
	stats, err := explore.Exhaustive(100_000, 3, func(c sim.Chooser) error {
		if lostUpdate(c) != 2 {
			return found
		}
		return nil
	})
	require.ErrorIs(t, err, found)
	deviations := 0
	for _, d := range stats.Failing {
		if d.C != 0 {
			deviations++
		}
	}
	require.Equal(t, 1, deviations)
}

// A run that is not a function of its chooser is told apart.
func TestExhaustiveNoticesNondeterminism(t *testing.T) {
	for name, counts := range map[string][]int{"other decisions": {2, 3}, "fewer decisions": {3, 1}} {
		t.Run(name, func(t *testing.T) {
			sizes := slices.Clone(counts)
			_, err := explore.Exhaustive(10, 0, func(c sim.Chooser) error {
				n := sizes[0]
				sizes = append(sizes[1:], n)
				under(c, func(env *sim.Env) {
					for range n {
						env.Go("p", func() { env.Sleep(1) })
					}
				})
				return nil
			})
			require.Error(t, err)
		})
	}
}
