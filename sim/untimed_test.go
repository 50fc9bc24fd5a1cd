package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// untimedOrders plays under random schedules of an untimed world and collects what comes out.
func untimedOrders(pattern string, prog func(e *sim.Env, s *story)) map[string]bool {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		s, _ := play(sim.Config{Chooser: explore.WithEarlyTimers(explore.NewRandom(seed, true), pattern)}, prog)
		seen[fmt.Sprint(s.lines)] = true
	}
	return seen
}

// Timers fire in any order; the clock goes forward only, to the time of each at least.
func TestUntimedTimersFireInAnyOrder(t *testing.T) {
	prog := func(e *sim.Env, s *story) {
		both := e.NewWaitGroup("both")
		both.Add(2)
		for i, name := range []string{"a", "b"} {
			e.AfterFunc(time.Duration(i+1)*time.Second, name, func() {
				s.say("%s", name)
				both.Done()
			})
		}
		both.Wait()
	}
	require.Equal(t, map[string]bool{"[1s a 2s b]": true, "[2s b 2s a]": true}, untimedOrders("", prog))
}

// A deadline may pass before anything else happens, and a sleeper may oversleep.
func TestUntimedDeadlinesAndSleeps(t *testing.T) {
	prog := func(e *sim.Env, s *story) {
		done := e.NewEvent("done")
		e.Go("work", func() {
			e.Sleep(time.Second)
			done.Set()
		})
		got := e.Select(sim.OnEvent(done), e.After(time.Minute))
		s.say("%s", [...]string{"done", "late"}[got])
	}
	require.Equal(t, []string{"1s done"}, tell(t, prog))
	require.Equal(t, map[string]bool{"[1s done]": true, "[60s done]": true, "[60s late]": true, "[61s late]": true}, untimedOrders("", prog),
		"the worker may even begin to sleep after the deadline")
	require.Equal(t, map[string]bool{"[1s done]": true}, untimedOrders("other", prog), "timers of other hosts only")
	require.Equal(t, map[string]bool{"[1s done]": true, "[60s done]": true, "[60s late]": true}, untimedOrders("h/work", prog),
		"the sleep may end at any time, also after the deadline, which comes at its own")
}

// A timer that was stopped or set anew does not fire for its earlier setting.
func TestUntimedTimersCanBeStopped(t *testing.T) {
	prog := func(e *sim.Env, s *story) {
		var timer *sim.Timer
		timer = e.AfterFunc(time.Second, "t", func() { s.say("fired") })
		e.Yield()
		if timer.Stop() {
			s.say("stopped")
		}
		e.Sleep(time.Second)
		s.say("set %t", timer.Stop())
	}
	require.Equal(t, map[string]bool{"[0s stopped 1s set false]": true, "[1s fired 2s set false]": true}, untimedOrders("", prog))
}

// Interventions come when the clock has passed them, a crash takes the host's timers away,
// and those after the time limit never fire.
func TestUntimedInterventionsAndLimits(t *testing.T) {
	fired := map[string]bool{}
	for seed := range uint64(100) {
		w := sim.New(sim.Config{Chooser: explore.WithEarlyTimers(explore.NewRandom(seed, true), ""), MaxTime: sim.Time(time.Minute)})
		text := ""
		h := w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
			e.AfterFunc(time.Second, "before", func() { text += "before " })
			e.AfterFunc(3*time.Second, "after", func() { text += "after " })
			e.AfterFunc(time.Hour, "never", func() { text += "never " })
			e.NewEvent("end").Wait()
		})
		w.Intervene(sim.Time(2*time.Second), func() {
			text += "crash"
			h.Crash()
		})
		w.Run()
		fired[text] = true
	}
	require.Equal(t, map[string]bool{"before crash": true, "crash": true}, fired)
}

// The decisions replay.
func TestUntimedReplay(t *testing.T) {
	for name, prog := range goldenPrograms() {
		build := func(c sim.Chooser) *sim.World {
			w := sim.New(sim.Config{Seed: 1, Chooser: explore.WithEarlyTimers(c, ""), MaxTime: sim.Time(time.Hour), MaxSteps: 5000})
			prog(w)
			return w
		}
		first := build(explore.NewRandom(1, true))
		out := first.Run()
		replay := explore.NewReplay(first.Decisions(), true)
		require.Equal(t, out.Hash, build(replay).Run().Hash, name)
		require.Nil(t, replay.Misfit())
	}
}
