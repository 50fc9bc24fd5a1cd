package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

func TestTimerStopAndReset(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		timer := e.AfterFunc(time.Second, "t", func() { s.say("fired") })
		e.Sleep(500 * time.Millisecond)
		s.say("reset %t", timer.Reset(time.Second))
		e.Sleep(2 * time.Second)
		s.say("stop %t, reset %t, stop %t, stop %t", timer.Stop(), timer.Reset(time.Second), timer.Stop(), timer.Stop())
		timer.ResetAt(sim.Time(1)) // the past is now
		e.Sleep(time.Second)
	})
	require.Equal(t, []string{"0.5s reset true", "1.5s fired", "2.5s stop false, reset false, stop true, stop false", "2.5s fired"}, lines)
}

func TestTimerStoppedAtTheInstantAtWhichItIsDue(t *testing.T) {
	for name, first := range map[string]bool{"stopped before": true, "stopped after": false} {
		t.Run(name, func(t *testing.T) {
			lines := tell(t, func(e *sim.Env, s *story) {
				var timer *sim.Timer
				stop := func() { s.say("stop %t", timer.Stop()) }
				if first { // same instant, and the earlier setting goes first
					s.at(1, "stop", stop)
					e.Yield()
				}
				timer = e.AfterFunc(time.Second, "t", func() { s.say("fired") })
				if !first {
					s.at(1, "stop", stop)
				}
				e.Sleep(3 * time.Second)
			})
			if first {
				require.Equal(t, []string{"1s stop true"}, lines)
			} else {
				require.Equal(t, []string{"1s fired", "1s stop false"}, lines)
			}
		})
	}
}

func TestSameInstantGoesInOrderOfSettingUnlessChosen(t *testing.T) {
	prog := func(e *sim.Env, s *story) {
		for _, name := range []string{"a", "b", "c"} {
			e.AfterFunc(time.Second, name, func() { s.say("%s", name) })
		}
		e.Sleep(2 * time.Second)
	}
	require.Equal(t, []string{"1s a", "1s b", "1s c"}, tell(t, prog))
	orders := map[string]bool{}
	for seed := range uint64(100) {
		s, out := play(random(seed), prog)
		require.Equal(t, sim.Finished, out.Kind)
		orders[s.lines[0]+s.lines[1]+s.lines[2]] = true
	}
	require.Len(t, orders, 6)
}

func TestPanicsInCallbacks(t *testing.T) {
	require.Contains(t, panicOf(t, func(e *sim.Env) {
		e.AfterFunc(time.Second, "boom", func() { panicsHere() })
		e.Sleep(time.Hour)
	}), "in callback h/boom")
	out := world(sim.Config{}, func(e *sim.Env) {
		e.AfterFunc(time.Second, "check", func() { e.Assert(false, "never") })
		e.Sleep(time.Hour)
	})
	require.Equal(t, sim.AssertionFailed, out.Kind)
	require.Equal(t, "never", out.ID)
	require.Equal(t, sim.Time(1e9), out.Time)
}

func TestSleepOfZeroGivesWay(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		e.Go("other", func() { s.say("other") })
		e.SleepUntil(0)
		s.say("the past costs nothing")
		e.Sleep(-1)
		s.say("after the other")
		e.Sleep(time.Duration(1<<63 - 1)) // saturates, and the world is over
	})
	require.Equal(t, []string{"0s the past costs nothing", "0s other", "0s after the other"}, lines[:3])
}
