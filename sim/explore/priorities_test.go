package explore_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// orders counts in how many of the seeds the steps of procs came in which order. Each proc
// makes its steps with a chance to switch between them.
func orders(seeds uint64, procs, steps int, chooser func(seed uint64) sim.Chooser) map[string]int {
	seen := map[string]int{}
	for seed := range seeds {
		var order []byte
		w := sim.New(sim.Config{Chooser: chooser(seed)})
		w.AddHost("h", sim.HostOptions{}, func(env *sim.Env) {
			mu := env.NewMutex("mu")
			for i := range procs {
				env.Go(fmt.Sprint("p", i), func() {
					for range steps {
						mu.Lock()
						order = append(order, byte('a'+i))
						mu.Unlock()
					}
				})
			}
		})
		w.Run()
		seen[string(order)]++
	}
	return seen
}

func priorities(seed uint64) sim.Chooser { return explore.NewPriorities(seed) }

// The first proc's one step after all steps of the others, and everything in between: every
// order of whole tasks comes out, which random steps do not bring about.
func TestPrioritiesPutWholeTasksLast(t *testing.T) {
	const procs, steps = 4, 6
	whole := func(order string) bool { return len(slices.Compact([]byte(order))) == procs }
	count := func(seen map[string]int) (runs, different int) {
		for order, n := range seen {
			if whole(order) {
				runs, different = runs+n, different+1
			}
		}
		return runs, different
	}
	runs, different := count(orders(400, procs, steps, priorities))
	require.Equal(t, 24, different, "all orders of four tasks")
	require.Less(t, runs, 350, "points of change break tasks up, too")
	few, _ := count(orders(400, procs, steps, func(seed uint64) sim.Chooser { return explore.NewRandom(seed, true) }))
	require.Less(t, few, runs/4)
}

// A task that is demoted gives way in the middle of its work.
func TestPrioritiesChangeInTheMiddle(t *testing.T) {
	broken := 0
	for order, n := range orders(200, 2, 6, priorities) {
		if len(slices.Compact([]byte(order))) > 2 {
			broken += n
		}
	}
	require.Positive(t, broken)
}

func TestPrioritiesAreAFunctionOfTheSeed(t *testing.T) {
	require.Equal(t, orders(20, 3, 3, priorities), orders(20, 3, 3, priorities))
}

// A log of the decisions replays to the same run.
func TestPrioritiesReplay(t *testing.T) {
	play := func(c sim.Chooser) *sim.World {
		w := sim.New(sim.Config{Chooser: c})
		w.AddHost("h", sim.HostOptions{}, func(env *sim.Env) {
			ch := sim.NewChan[int](env, "ch", 1)
			for i := range 3 {
				env.Go("send", func() { ch.Send(i) })
			}
			for range 3 {
				ch.Recv()
			}
		})
		w.Run()
		return w
	}
	for seed := range uint64(20) {
		first := play(explore.NewPriorities(seed))
		replay := explore.NewReplay(first.Decisions(), true)
		require.Equal(t, first.Hash(), play(replay).Hash())
		require.Nil(t, replay.Misfit())
	}
}
