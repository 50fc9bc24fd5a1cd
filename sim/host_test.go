package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// twoHosts is a world with an operator and a server that the operator handles.
func twoHosts(t *testing.T, cfg sim.Config, srv func(e *sim.Env, s *story), op func(e *sim.Env, h *sim.Host, s *story)) []string {
	t.Helper()
	s := &story{}
	w := sim.New(cfg)
	h := w.AddHost("srv", sim.HostOptions{}, func(e *sim.Env) { srv(e, s) })
	w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
		s.env = e
		op(e, h, s)
		e.Stop("done")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	require.Zero(t, w.Procs())
	return s.lines
}

func TestProcThatCrashesItsOwnHostEndsAtItsNextWait(t *testing.T) {
	var h *sim.Host
	lines := twoHosts(t, sim.Config{}, func(e *sim.Env, s *story) {
		e.Sleep(time.Second)
		if e.Incarnation() > 1 {
			s.say("second life")
			return
		}
		e.Go("peer", func() {
			defer s.say("peer unwound")
			e.Sleep(time.Hour)
		})
		e.Yield()
		defer s.say("unwound")
		h.Crash()
		s.say("still running, alive %t", e.Alive())
		e.Go("stillborn", func() { s.say("never") })
		e.Sleep(1)
		s.say("never")
	}, func(e *sim.Env, srv *sim.Host, s *story) {
		h = srv
		e.Sleep(2 * time.Second)
		srv.Restart()
		srv.Restart()
		e.Sleep(2 * time.Second)
	})
	require.Equal(t, []string{"1s peer unwound", "1s still running, alive false", "1s unwound", "3s second life"}, lines)
}

// What was handed to a proc that is killed before it runs goes to the next in line,
// and a dead writer no longer keeps readers out.
func TestNothingIsLostWithADeadWaiter(t *testing.T) {
	type tools struct {
		mu  *sim.Mutex
		rw  *sim.RWMutex
		sem *sim.Semaphore
		c   *sim.Cond
	}
	cases := map[string]struct {
		hold, wait, give func(e *sim.Env, x *tools)
	}{
		"mutex": {
			func(_ *sim.Env, x *tools) { x.mu.Lock() },
			//lint:ignore SA2001 to have waited for the lock is the point
			func(_ *sim.Env, x *tools) { x.mu.Lock(); x.mu.Unlock() },
			func(_ *sim.Env, x *tools) { x.mu.Unlock() },
		},
		"rwmutex writer": {
			func(_ *sim.Env, x *tools) { x.rw.Lock() },
			//lint:ignore SA2001 to have waited for the lock is the point
			func(_ *sim.Env, x *tools) { x.rw.Lock(); x.rw.Unlock() },
			func(_ *sim.Env, x *tools) { x.rw.Unlock() },
		},
		"rwmutex reader then writer": {
			func(_ *sim.Env, x *tools) { x.rw.Lock() },
			func(e *sim.Env, x *tools) {
				if e.HostName() == "srv" {
					x.rw.RLock()
				} else {
					x.rw.Lock()
				}
			},
			func(_ *sim.Env, x *tools) { x.rw.Unlock() },
		},
		"semaphore": {
			func(_ *sim.Env, x *tools) { x.sem.TryAcquire() },
			func(_ *sim.Env, x *tools) { _ = x.sem.Acquire(nil) },
			func(_ *sim.Env, x *tools) { x.sem.Release() },
		},
		"cond": {
			func(*sim.Env, *tools) {},
			func(_ *sim.Env, x *tools) { x.mu.Lock(); defer x.mu.Unlock(); x.c.Wait() },
			func(_ *sim.Env, x *tools) { x.c.Signal() },
		},
		"dead writer, waiting reader": {
			func(_ *sim.Env, x *tools) { x.rw.RLock() },
			func(e *sim.Env, x *tools) {
				if e.HostName() == "srv" {
					x.rw.Lock()
				} else {
					x.rw.RLock()
				}
			},
			func(*sim.Env, *tools) {},
		},
	}
	for name, c := range cases {
		for _, cfg := range []sim.Config{{}, random(1), random(2), random(3), random(4)} {
			t.Run(name, func(t *testing.T) {
				w := sim.New(cfg)
				x := &tools{}
				served := false
				var srv *sim.Host
				w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
					x.mu, x.rw, x.sem = e.NewMutex("mu"), e.NewRWMutex("rw"), e.NewSemaphore("sem", 1)
					x.c = e.NewCond("c", x.mu)
					c.hold(e, x)
					srv = w.AddHost("srv", sim.HostOptions{}, func(e *sim.Env) { c.wait(e, x) })
					e.Sleep(time.Second)
					e.Go("next", func() { c.wait(e, x); served = true })
					e.Sleep(time.Second)
					e.AfterFunc(time.Second, "crash", func() { // one step: given, and dead before it could run
						if name != "cond" || cfg.Chooser == nil {
							c.give(e, x)
							srv.Crash()
						} else {
							srv.Crash()
							c.give(e, x)
						}
					})
					e.Sleep(2 * time.Second)
				})
				out := w.Run()
				require.Equal(t, sim.Finished, out.Kind, out.Detail)
				require.True(t, served)
			})
		}
	}
}

// The deferred unlock of a proc killed in Cond.Wait must not free another's lock.
func TestDeferredUnlockOfADeadProcFreesOnlyItsOwn(t *testing.T) {
	w := sim.New(sim.Config{})
	w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		c := e.NewCond("c", mu)
		srv := w.AddHost("srv", sim.HostOptions{}, func(*sim.Env) {
			mu.Lock()
			defer mu.Unlock()
			c.Wait()
		})
		e.Sleep(time.Second)
		mu.Lock()
		srv.Crash()
		e.Assert(mu.Locked(), "the lock is still mine")
		mu.Unlock()
		srv.Restart()
		e.Sleep(time.Second)
		srv.Crash()
		e.Assert(!mu.Locked(), "free")
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}

func TestPausedHostCatchesUp(t *testing.T) {
	lines := twoHosts(t, sim.Config{}, func(e *sim.Env, s *story) {
		tick := 0
		var timer *sim.Timer
		timer = e.AfterFunc(time.Second, "tick", func() {
			tick++
			s.say("tick %d", tick)
			timer.Reset(time.Second)
		})
		e.Go("sleeper", func() { e.Sleep(3 * time.Second); s.say("slept") })
		ctx, cancel := e.WithTimeout(e.Background(), 3500*time.Millisecond)
		defer cancel()
		s.say("%v", e.SleepCtx(ctx, time.Hour))
	}, func(e *sim.Env, srv *sim.Host, s *story) {
		e.Sleep(1500 * time.Millisecond)
		srv.Pause()
		srv.Pause()
		e.Sleep(3 * time.Second)
		s.say("resume")
		srv.Resume()
		srv.Resume()
		e.Sleep(1200 * time.Millisecond)
		srv.Pause()
		e.Sleep(time.Second)
		srv.Crash() // paused and dead
		e.Sleep(time.Second)
	})
	require.Equal(t, []string{"1s tick 1", "4.5s resume", "4.5s tick 2", "4.5s slept", "4.5s context deadline exceeded", "5.5s tick 3"}, lines)
}

func TestTimersOfTheDeadDoNotFire(t *testing.T) {
	lines := twoHosts(t, sim.Config{}, func(e *sim.Env, s *story) {
		e.AfterFunc(2*time.Second, "t", func() { s.say("timer of life %d", e.Incarnation()) })
		e.OnCrash(func() { s.say("crash of life %d", e.Incarnation()) })
		e.Sleep(time.Hour)
	}, func(e *sim.Env, srv *sim.Host, s *story) {
		e.Sleep(time.Second)
		srv.Crash()
		srv.Crash()
		srv.Restart()
		e.Sleep(10 * time.Second)
	})
	require.Equal(t, []string{"1s crash of life 1", "3s timer of life 2"}, lines)
}

func TestWallClocks(t *testing.T) {
	w := sim.New(sim.Config{Epoch: 1000e9})
	walls := map[string][]int64{}
	hosts := map[string]*sim.Host{}
	for name, o := range map[string]sim.HostOptions{
		"good": {}, "ahead": {Skew: 2 * time.Second}, "fast": {DriftPPB: 100_000}, "slow": {DriftPPB: -100_000, Skew: -time.Second},
	} {
		hosts[name] = w.AddHost(name, o, func(e *sim.Env) {
			for range 3 {
				walls[name] = append(walls[name], e.Wall())
				e.Sleep(1000 * time.Second)
			}
		})
	}
	w.RunUntil(sim.Time(1500e9))
	hosts["good"].StepClock(-time.Minute)
	require.Equal(t, sim.Finished, w.Run().Kind)
	require.Equal(t, map[string][]int64{
		"good":  {1000e9, 2000e9, 2940e9},
		"ahead": {1002e9, 2002e9, 3002e9},
		"fast":  {1000e9, 2000e9 + 1e8, 3000e9 + 2e8},
		"slow":  {999e9, 1999e9 - 1e8, 2999e9 - 2e8},
	}, walls)
}
