package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// stallOnce puts the task of that name aside once, when it is about to do op on an object.
type stallOnce struct {
	task   string
	op     sim.Op
	object string
	choice int
	asked  int
}

func (*stallOnce) Stalls() bool { return true }

func (s *stallOnce) Choose(p *sim.Point, _ int) int {
	if p.Kind != sim.KindStall {
		return 0
	}
	s.asked++
	if s.choice > 0 && p.Task(0).Name == s.task && p.Op == s.op && (s.op == sim.OpNone || p.Object() == s.object) {
		c := s.choice
		s.choice = 0
		return c
	}
	return 0
}

// A proc that is put aside before an operation does it later, while time and all others go
// on; the world adds the stalls up.
func TestStallBeforeAnOperation(t *testing.T) {
	const stall = 40 // the choice
	length := sim.StallLength(stall)
	var at, other sim.Time
	c := &stallOnce{task: "h/slow", op: sim.OpLock, object: "h/mu", choice: stall}
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		e.Go("slow", func() {
			e.Sleep(time.Second)
			mu.Lock()
			at = e.Now()
			mu.Unlock()
		})
		e.Go("other", func() {
			e.Sleep(time.Second + length/2)
			mu.Lock()
			other = e.Now()
			mu.Unlock()
		})
	})
	require.Equal(t, sim.Finished, w.Run().Kind)
	require.Equal(t, sim.Time(time.Second+length), at)
	require.Equal(t, sim.Time(time.Second+length/2), other, "the others don't wait")
	require.Equal(t, length, w.Stalled())
	require.Greater(t, c.asked, 3)
}

// A proc that was woken may be put aside before it goes on; what it waited for is its.
func TestStallOfAWokenProc(t *testing.T) {
	var got int
	var at sim.Time
	c := &stallOnce{task: "h/recv", op: sim.OpNone, choice: 10}
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		ch := sim.NewChan[int](e, "ch", 0)
		e.Go("recv", func() {
			got, _ = ch.Recv()
			at = e.Now()
		})
		ch.Send(7)
	})
	require.Equal(t, sim.Finished, w.Run().Kind)
	require.Equal(t, 7, got)
	require.Equal(t, sim.Time(sim.StallLength(10)), at)
}

// A crash kills a proc that is put aside, and a pause holds it beyond the stall.
func TestStalledProcsCrashAndPauseLikeOthers(t *testing.T) {
	for _, fate := range []string{"crash", "pause"} {
		ran, unwound := sim.Time(-1), false
		c := &stallOnce{task: "h/slow", op: sim.OpLoad, object: "h/a", choice: 60}
		w := sim.New(sim.Config{Chooser: c})
		h := w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
			a := sim.NewAtomic(e, "a", 0)
			e.Go("slow", func() {
				defer func() { unwound = true }()
				a.Load()
				ran = e.Now()
			})
		})
		w.Intervene(1, func() {
			if fate == "crash" {
				h.Crash()
			} else {
				h.Pause()
			}
		})
		w.Intervene(sim.Time(time.Second), h.Resume)
		w.Run()
		require.True(t, unwound)
		require.Equal(t, map[string]sim.Time{"crash": -1, "pause": sim.Time(time.Second)}[fate], ran, fate)
	}
}

// The lengths are a logarithmic scale from a microsecond to almost half a second.
func TestStallLengths(t *testing.T) {
	require.Zero(t, sim.StallLength(0))
	require.Equal(t, time.Microsecond, sim.StallLength(1))
	require.Equal(t, 2*time.Microsecond, sim.StallLength(5))
	longest := sim.StallLength(sim.StallChoices - 1)
	require.Less(t, longest, 500*time.Millisecond)
	require.Greater(t, longest, 400*time.Millisecond)
	for c := range sim.StallChoices {
		require.Equal(t, c, sim.StallChoice(sim.StallLength(c)))
		require.Greater(t, sim.StallLength(c+1), sim.StallLength(c))
	}
	require.Equal(t, sim.StallChoices-1, sim.StallChoice(time.Hour))
	require.Zero(t, sim.StallChoice(999))
}

// Stalls are in the decision log: a replay has them at the same places.
func TestStallsReplay(t *testing.T) {
	for name, prog := range goldenPrograms() {
		build := func(c sim.Chooser) *sim.World {
			w := sim.New(sim.Config{Seed: 1, Chooser: c, MaxTime: sim.Time(time.Hour)})
			prog(w)
			return w
		}
		first := build(explore.WithStalls(explore.NewRandom(1, true), 1, 10, 0))
		out := first.Run()
		require.False(t, out.Failed(), "%s: %s", name, out.Detail)
		replay := explore.NewReplay(first.Decisions(), true)
		second := build(replay)
		require.Equal(t, out.Hash, second.Run().Hash, name)
		require.Nil(t, replay.Misfit())
		require.Equal(t, first.Stalled(), second.Stalled())
		require.Equal(t, name != "callbacks", first.Stalled() > 0, "%s: procs stall, callbacks don't", name)
	}
}
