package explore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

func play(c sim.Chooser, procs int) (*sim.World, sim.Outcome) {
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		for range procs {
			e.Go("p", func() {
				for range 5 {
					mu.Lock()
					e.Sleep(time.Millisecond)
					mu.Unlock()
				}
			})
		}
	})
	return w, w.Run()
}

func TestFirstIsTheDefaultWithALog(t *testing.T) {
	w, first := play(explore.First{}, 4)
	plain, none := play(nil, 4)
	require.Equal(t, none.Steps, first.Steps)
	require.Equal(t, none.Time, first.Time)
	require.NotEmpty(t, w.Decisions())
	require.Empty(t, plain.Decisions())
	for _, d := range w.Decisions() {
		require.Zero(t, d.C)
	}
}

func TestRandomDependsOnItsSeedAndTakesEveryAlternative(t *testing.T) {
	w, a := play(explore.NewRandom(1, true), 4)
	_, b := play(explore.NewRandom(1, true), 4)
	_, c := play(explore.NewRandom(2, true), 4)
	require.Equal(t, a.Hash, b.Hash)
	require.NotEqual(t, a.Hash, c.Hash)
	kinds, taken := map[sim.ChoiceKind]int{}, map[int32]int{}
	for _, d := range w.Decisions() {
		require.Less(t, d.C, d.N)
		kinds[d.Kind]++
		taken[d.C]++
	}
	require.NotZero(t, kinds[sim.KindTask])
	require.NotZero(t, kinds[sim.KindSwitch])
	require.NotZero(t, kinds[sim.KindBarge])
	require.Greater(t, len(taken), 2)
}

func TestRandomWithoutSwitches(t *testing.T) {
	w, _ := play(explore.NewRandom(1, false), 4)
	for _, d := range w.Decisions() {
		require.NotEqual(t, sim.KindSwitch, d.Kind)
	}
}

func TestRandomLeavesFaultsAndDelaysAlone(t *testing.T) {
	c := explore.NewRandom(1, true)
	for range 100 {
		require.Zero(t, c.Choose(&sim.Point{Kind: sim.KindFault}, 10))
		require.Zero(t, c.Choose(&sim.Point{Kind: sim.KindDelay}, 10))
	}
}

func TestReplayFollowsAndThenTakesTheFirst(t *testing.T) {
	w, a := play(explore.NewRandom(7, true), 4)
	log := w.Decisions()
	r := explore.NewReplay(log, true)
	_, b := play(r, 4)
	require.Equal(t, a.Hash, b.Hash)
	require.Nil(t, r.Misfit())
	require.Equal(t, len(log), r.Consumed())

	half := explore.NewReplay(log[:len(log)/2], true)
	cut, out := play(half, 4)
	require.Equal(t, sim.Finished, out.Kind)
	require.Nil(t, half.Misfit())
	for _, d := range cut.Decisions()[len(log)/2:] {
		require.Zero(t, d.C)
	}
}

func TestReplayNotesTheFirstMisfit(t *testing.T) {
	w, _ := play(explore.NewRandom(7, true), 4)
	r := explore.NewReplay(w.Decisions(), true)
	_, out := play(r, 5)
	require.Equal(t, sim.Finished, out.Kind, "a log that does not fit still gives a legal run")
	m := r.Misfit()
	require.NotNil(t, m)
	require.Equal(t, w.Decisions()[m.Index], m.Logged)
	require.NotEqual(t, m.Logged.N, m.Asked.N)
	require.ErrorContains(t, m, "the log has task with 4 alternatives, the run asks for task with 5")
}

func TestReplayOfAnotherKindTakesTheFirst(t *testing.T) {
	r := explore.NewReplay([]sim.Decision{{Kind: sim.KindSelect, N: 3, C: 2}, {Kind: sim.KindTask, N: 9, C: 1}, {Kind: sim.KindTask, N: 9, C: 8}}, false)
	require.False(t, r.Preempts())
	require.Equal(t, 0, r.Choose(&sim.Point{Kind: sim.KindTask}, 3), "another kind")
	require.Equal(t, 1, r.Choose(&sim.Point{Kind: sim.KindTask}, 2), "still in range")
	require.Equal(t, 0, r.Choose(&sim.Point{Kind: sim.KindTask}, 2), "out of range")
	require.Equal(t, 0, r.Choose(&sim.Point{Kind: sim.KindTask}, 2), "exhausted")
	require.Equal(t, 0, r.Misfit().Index)
	require.Equal(t, 3, r.Consumed())
}
