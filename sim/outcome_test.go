package sim_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

func panicsHere() { panic("boom") }

func TestPanicKeepsItsStack(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		e.Named("part").Go("p", func() { e.Sleep(time.Second); panicsHere() })
		e.Sleep(time.Hour)
	})
	require.Equal(t, sim.Panicked, out.Kind)
	require.True(t, out.Failed())
	for _, want := range []string{"panic: boom", "in proc h/part/p", "panicsHere"} {
		require.Contains(t, out.Detail, want)
	}
}

func TestLivelockNamesTheBusy(t *testing.T) {
	for _, spin := range []func(e *sim.Env){
		func(e *sim.Env) { e.Yield() },
		func(e *sim.Env) { e.Sleep(0) },
	} {
		out := world(sim.Config{MaxStepsPerInstant: 1000}, func(e *sim.Env) {
			e.Go("other", func() { e.Sleep(time.Second) })
			e.Go("brief", func() {})
			for {
				spin(e)
			}
		})
		require.Equal(t, sim.Livelock, out.Kind)
		require.Equal(t, "1001 steps without time passing at 0s; busy: h/boot", out.Detail)
	}
	out := world(sim.Config{MaxStepsPerInstant: 1000}, func(e *sim.Env) {
		c := sim.NewChan[int](e, "c", 0)
		e.Go("recv", func() {
			for {
				c.Recv()
			}
		})
		for {
			c.Send(1)
		}
	})
	require.Equal(t, sim.Livelock, out.Kind)
	require.Contains(t, out.Detail, "busy: h/boot, h/recv")
	out = world(sim.Config{MaxStepsPerInstant: 1000}, func(e *sim.Env) {
		var timer *sim.Timer
		timer = e.AfterFunc(0, "busy-timer", func() { timer.Reset(0) })
		e.Sleep(time.Second)
	})
	require.Equal(t, sim.Livelock, out.Kind)
	require.Contains(t, out.Detail, "busy: h/busy-timer")
}

func TestLimits(t *testing.T) {
	spin := func(e *sim.Env) {
		for {
			e.Sleep(time.Second)
		}
	}
	out := world(sim.Config{MaxSteps: 50}, spin)
	require.Equal(t, sim.StepLimit, out.Kind)
	require.Equal(t, uint64(50), out.Steps)
	out = world(sim.Config{MaxTime: sim.Time(5500e6)}, spin)
	require.Equal(t, sim.TimeLimit, out.Kind)
	require.Equal(t, sim.Time(5500e6), out.Time)
	require.False(t, out.Failed())
	out = world(sim.Config{MaxSteps: 50}, func(e *sim.Env) {
		for {
			e.Yield() // goes on without a switch, and is counted all the same
		}
	})
	require.Equal(t, sim.StepLimit, out.Kind)
	require.Equal(t, uint64(50), out.Steps)
}

func TestAssertionCarriesItsFields(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		e.Go("p", func() { e.Assert(1 > 2, "order") })
		e.Sleep(time.Second)
	})
	require.Equal(t, sim.AssertionFailed, out.Kind)
	require.Equal(t, "order", out.ID)
	require.Contains(t, out.Detail, "assertion failed: order")
	require.Contains(t, out.Detail, "in proc h/p")
	require.Contains(t, out.String(), "assertion failed at 0s after 2 steps")
}

func TestDeadlockReportsWhoWaitsForWhat(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		mu, c, never := e.NewMutex("mu"), sim.NewChan[int](e, "c", 0), e.NewEvent("never")
		e.Go("holder", func() { mu.Lock(); e.Sleep(time.Second); c.Recv() })
		e.Go("locker", func() { e.Sleep(2 * time.Second); mu.Lock() })
		e.Go("gone", func() { e.NewMutex("other").Lock() })
		e.GoDaemon("server", never.Wait)
		e.Go("chooser", func() { e.Select(sim.OnEvent(never), sim.OnRecv(sim.NewChan[int](e, "d", 0), nil, nil)) })
	})
	require.Equal(t, sim.Deadlock, out.Kind)
	require.Equal(t, sim.Time(2e9), out.Time)
	var said []string
	for _, x := range out.Waiting {
		said = append(said, x.String())
	}
	require.Equal(t, []string{
		"h/holder waits since 1s to recv h/c",
		"h/locker waits since 2s to lock h/mu, held by h/holder",
		"h/chooser waits since 0s to select h/never",
	}, said)
	require.Equal(t, "nothing can happen any more:\n  "+strings.Join(said, "\n  ")+"\n", out.Detail)
}

func TestDeadlockOnALockOfAProcThatEnded(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		e.Go("gone", mu.Lock)
		e.Yield()
		e.Go("new", func() { e.NewMutex("x").Lock(); e.Sleep(time.Second); mu.Lock() }) // in the memory of the one gone
	})
	require.Equal(t, sim.Deadlock, out.Kind)
	require.Contains(t, out.Detail, "h/new waits since 1s to lock h/mu, held by a proc that has ended")
}

func TestDeadlockOfAPausedHost(t *testing.T) {
	w := sim.New(sim.Config{})
	h := w.AddHost("srv", sim.HostOptions{}, func(e *sim.Env) { e.Sleep(time.Second) })
	w.RunUntil(1)
	h.Pause()
	out := w.Run()
	require.Equal(t, sim.Deadlock, out.Kind)
	require.Contains(t, out.Detail, "host srv is paused with 1 runnable tasks")
}

func TestDaemonsDoNotKeepTheWorldAlive(t *testing.T) {
	unwound := false
	out := world(sim.Config{}, func(e *sim.Env) {
		e.GoDaemon("server", func() {
			defer func() { unwound = true }()
			for {
				e.Sleep(time.Second)
			}
		})
		e.Sleep(10 * time.Second)
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, sim.Time(10e9), out.Time)
	require.Empty(t, out.Waiting)
	require.True(t, unwound)
}

func TestRunInPieces(t *testing.T) {
	w := sim.New(sim.Config{})
	var at []sim.Time
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		for range 3 {
			e.Sleep(2 * time.Second)
			at = append(at, e.Now())
		}
	})
	require.True(t, w.RunFor(time.Second))
	require.True(t, w.RunFor(time.Second))
	require.Equal(t, []sim.Time{2e9}, at)
	require.True(t, w.RunFor(1500*time.Millisecond))
	require.Equal(t, sim.Time(3500e6), w.Now())
	require.True(t, w.RunUntil(sim.Time(1e9)), "time does not go back")
	require.Equal(t, sim.Time(3500e6), w.Now())
	require.False(t, w.RunFor(time.Hour))
	require.Equal(t, sim.Finished, w.Close().Kind)
}

// Procs that deferred calls of unwound procs start, and waits in them, end too.
func TestCloseUnwindsWhateverDeferredCallsDo(t *testing.T) {
	w := sim.New(sim.Config{})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		for range 3 {
			e.Go("p", func() {
				defer e.Go("child", func() { panic("must not run") })
				defer e.Sleep(time.Second)
				defer func() { e.NewEvent("never").Wait() }()
				e.Sleep(time.Hour)
			})
		}
		e.Go("unborn", func() { panic("must not run") })
		e.Stop("early")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	require.Equal(t, "early", out.ID)
	require.Zero(t, w.Procs())
}

func TestNoCoroutineIsLeftAfterThousandWorlds(t *testing.T) {
	one := func(i int) {
		w := sim.New(sim.Config{MaxTime: sim.Time(i%5) * 1e9})
		h := w.AddHost("a", sim.HostOptions{}, func(e *sim.Env) {
			for range 5 {
				e.Go("p", func() { e.Sleep(2 * time.Second); e.NewEvent("never").Wait() })
			}
			e.Sleep(time.Second)
		})
		if w.RunFor(time.Millisecond); i%3 == 0 {
			h.Crash()
		}
		w.Run()
	}
	one(0)
	before := runtime.NumGoroutine()
	for i := range 1000 {
		one(i)
	}
	for range 1000 { // the hand-off back end ends its goroutines in their own time
		if runtime.NumGoroutine() > before {
			runtime.Gosched()
		}
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
