package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// An intervention comes before the tasks of its instant, or right after the step in
// which it was asked for; several of one instant come in the order of the asking.
func TestInterventionsComeBetweenSteps(t *testing.T) {
	for name, cfg := range map[string]sim.Config{"first": {}, "random": {Seed: 1, Chooser: explore.NewRandom(1, false)}, "watched": {OnStep: func(sim.StepRecord) {}}} {
		t.Run(name, func(t *testing.T) {
			s := &story{}
			w := sim.New(cfg)
			w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
				s.env = e
				e.Go("sleeper", func() { e.Sleep(time.Second); s.say("sleeper") })
				e.AfterFunc(time.Second, "timer", func() { s.say("timer") })
				e.Sleep(2 * time.Second)
				e.Go("waiting", func() { s.say("ready before") })
				w.Intervene(0, func() { s.say("right after the step") })
				s.say("asked")
				e.Yield()
			})
			w.Intervene(sim.Time(time.Second), func() {
				s.say("first of 1s")
				w.Intervene(w.Now(), func() { s.say("third of 1s") })
			})
			w.Intervene(sim.Time(time.Second), func() { s.say("second of 1s") })
			w.Intervene(sim.Time(3*time.Second), func() { s.say("never: all procs have ended") })
			require.Equal(t, sim.Finished, w.Run().Kind)
			require.Equal(t, []string{"1s first of 1s", "1s second of 1s", "1s third of 1s"}, s.lines[:3])
			require.ElementsMatch(t, []string{"1s sleeper", "1s timer"}, s.lines[3:5])
			require.Equal(t, []string{"2s asked", "2s right after the step", "2s ready before"}, s.lines[5:])
		})
	}
}

// A world with nothing left to do but an intervention goes on to it.
func TestInterventionEndsAnApparentDeadlock(t *testing.T) {
	w := sim.New(sim.Config{})
	var ev *sim.Event
	h := w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		ev = e.NewEvent("ev")
		ev.Wait()
		e.Sleep(time.Second)
	})
	w.Intervene(sim.Time(5*time.Second), func() { ev.Set() })
	w.Intervene(sim.Time(5500*time.Millisecond), h.Pause)
	w.Intervene(sim.Time(7*time.Second), h.Resume)
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, sim.Time(7*time.Second), out.Time)
}

// An intervention takes part in no choice: an exploring chooser decides as without
// it. That it was made shows in the hash.
func TestInterventionsShiftNoDecision(t *testing.T) {
	run := func(touch bool) (sim.Outcome, []sim.Decision) {
		w := sim.New(sim.Config{Seed: 3, Chooser: explore.NewRandom(3, true)})
		w.AddHost("h", sim.HostOptions{}, goldenLocks)
		if touch {
			w.Intervene(0, func() {})
			w.Intervene(sim.Time(time.Hour), func() {})
		}
		out := w.Run()
		return out, w.Decisions()
	}
	plain, want := run(false)
	touched, got := run(true)
	require.NotEmpty(t, want)
	require.Equal(t, want, got)
	require.Equal(t, plain.Steps, touched.Steps)
	require.NotEqual(t, plain.Hash, touched.Hash)
}

// A clock that is given another rate goes on from what it shows.
func TestSetDrift(t *testing.T) {
	w := sim.New(sim.Config{Epoch: 1000e9})
	h := w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) { e.Sleep(time.Hour) })
	w.RunUntil(sim.Time(1000e9))
	h.SetDrift(100_000)
	require.EqualValues(t, 2000e9, h.Env().Wall())
	w.RunUntil(sim.Time(2000e9))
	require.EqualValues(t, 3000e9+1e8, h.Env().Wall())
	h.SetDrift(h.Drift() - 200_000)
	w.RunUntil(sim.Time(3000e9))
	require.EqualValues(t, 4000e9, h.Env().Wall())
}
