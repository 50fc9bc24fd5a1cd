package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

func TestMutexServesInOrderOfArrival(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		mu := e.NewMutex("mu")
		for i := range 3 {
			s.at(float64(i), "p", func() {
				mu.Lock()
				s.say("p%d has it", i)
				e.Sleep(5 * time.Second)
				mu.Unlock()
			})
		}
		s.at(4, "try", func() { s.say("try %t", mu.TryLock()) })
		s.at(20, "try", func() { s.say("try %t, locked %t", mu.TryLock(), mu.Locked()) })
	})
	require.Equal(t, []string{"0s p0 has it", "4s try false", "5s p1 has it", "10s p2 has it", "20s try true, locked true"}, lines)
}

func TestMutexExcludesUnderAnySchedule(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(200) {
		order := ""
		out := world(random(seed), func(e *sim.Env) {
			mu := e.NewMutex("mu")
			inside := 0
			for i := range 4 {
				e.Go("p", func() {
					for range 3 {
						mu.Lock()
						inside++
						e.Assert(inside == 1, "exclusion")
						e.Yield()
						order += fmt.Sprint(i)
						inside--
						mu.Unlock()
					}
				})
			}
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		orders[order] = true
	}
	require.Greater(t, len(orders), 150, "random schedules hardly differ")
}

func TestUnlockByAnotherProc(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		mu := e.NewMutex("mu")
		mu.Lock()
		s.at(1, "other", mu.Unlock)
		mu.Lock()
		s.say("locked again")
	})
	require.Equal(t, []string{"1s locked again"}, lines)
}

func TestRWMutexLetsReadersInTogetherAndWritersAlone(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		mu := e.NewRWMutex("mu")
		read := func(name string) func() {
			return func() {
				mu.RLock()
				s.say("%s reads", name)
				e.Sleep(4 * time.Second)
				mu.RUnlock()
			}
		}
		s.at(0, "r", read("r1"))
		s.at(1, "r", read("r2"))
		s.at(2, "w", func() {
			mu.Lock()
			s.say("w writes")
			e.Sleep(time.Second)
			mu.Unlock()
		})
		s.at(3, "r", read("r3")) // a waiting writer keeps new readers out
		s.at(3.5, "w", func() { mu.Lock(); s.say("w2 writes"); mu.Unlock() })
		s.at(3.6, "r", read("r4"))
	})
	require.Equal(t, []string{"0s r1 reads", "1s r2 reads", "5s w writes", "6s r3 reads", "6s r4 reads", "10s w2 writes"}, lines)
}

func TestRWMutexExcludesUnderAnySchedule(t *testing.T) {
	for seed := range uint64(100) {
		out := world(random(seed), func(e *sim.Env) {
			mu := e.NewRWMutex("mu")
			readers, writers := 0, 0
			for i := range 6 {
				e.Go("p", func() {
					for range 5 {
						if i < 2 {
							mu.Lock()
							writers++
							e.Assert(readers == 0 && writers == 1, "writer alone")
							e.Yield()
							writers--
							mu.Unlock()
							continue
						}
						l := mu.RLocker()
						l.Lock()
						readers++
						e.Assert(writers == 0, "no writer among readers")
						e.Yield()
						readers--
						l.Unlock()
					}
				})
			}
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
	}
}

func TestCondWakesOneOrAll(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		mu := e.NewMutex("mu")
		c := e.NewCond("c", mu)
		for i := range 4 {
			e.Go("p", func() {
				mu.Lock()
				defer mu.Unlock()
				c.Wait()
				s.say("p%d woke", i)
			})
		}
		e.Sleep(time.Second)
		c.Signal()
		e.Sleep(time.Second)
		mu.Lock()
		c.Broadcast()
		e.Sleep(time.Second) // the woken wait for the lock
		mu.Unlock()
		c.Signal() // wakes nobody and is forgotten
	})
	require.Equal(t, []string{"1s p0 woke", "3s p1 woke", "3s p2 woke", "3s p3 woke"}, lines)
}

// No wake-up is lost: the waiter enrols before it gives up the lock.
func TestCondQueueNeverStallsUnderAnySchedule(t *testing.T) {
	for seed := range uint64(200) {
		got := 0
		out := world(random(seed), func(e *sim.Env) {
			mu := e.NewMutex("mu")
			notEmpty := e.NewCond("notEmpty", mu)
			items := 0
			for range 3 {
				e.Go("take", func() {
					for range 4 {
						mu.Lock()
						for items == 0 {
							notEmpty.Wait()
						}
						items--
						got++
						mu.Unlock()
					}
				})
				e.Go("put", func() {
					for range 4 {
						mu.Lock()
						items++
						mu.Unlock()
						notEmpty.Signal()
					}
				})
			}
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Equal(t, 12, got)
	}
}

func TestSemaphoreAndItsContext(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		sem := e.NewSemaphore("sem", 2)
		for i := range 3 {
			e.Go("p", func() {
				require.NoError(t, sem.Acquire(nil))
				s.say("p%d in", i)
				e.Sleep(3 * time.Second)
				sem.Release()
			})
		}
		s.at(1, "q", func() {
			ctx, cancel := e.WithTimeout(e.Background(), time.Second)
			defer cancel()
			s.say("q: %v, free %d, try %t", sem.Acquire(ctx), sem.Free(), sem.TryAcquire())
		})
	})
	require.Equal(t, []string{"0s p0 in", "0s p1 in", "2s q: context deadline exceeded, free 0, try false", "3s p2 in"}, lines)
}

func TestSemaphoreKeepsItsPermitsUnderAnySchedule(t *testing.T) {
	for seed := range uint64(100) {
		out := world(random(seed), func(e *sim.Env) {
			sem := e.NewSemaphore("sem", 2)
			r := e.Rand("patience")
			inside := 0
			g := e.NewWaitGroup("g")
			for range 6 {
				g.Go("p", func() {
					ctx, cancel := e.WithTimeout(e.Background(), time.Duration(1+r.Intn(3))*time.Second)
					defer cancel()
					if sem.Acquire(ctx) != nil {
						return
					}
					inside++
					e.Assert(inside <= 2, "permits")
					e.Sleep(time.Second)
					inside--
					sem.Release()
				})
			}
			g.Wait()
			e.Assert(sem.Free() == 2, "all permits are back")
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
	}
}

func TestWaitGroupAndEvent(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		g, ev := e.NewWaitGroup("g"), e.NewEvent("ev")
		for i := range 3 {
			g.Go("p", func() { e.Sleep(time.Duration(i) * time.Second) })
		}
		s.at(0.5, "ev", func() { ev.Wait(); s.say("event") })
		g.Wait()
		s.say("all done, set %t", ev.IsSet())
		s.say("first %t, second %t", ev.Set(), ev.Set())
		ev.Wait()
		g.Wait()
	})
	require.Equal(t, []string{"2s all done, set false", "2s first true, second false", "2s event"}, lines)
}

func TestMisusePanics(t *testing.T) {
	cases := map[string]struct {
		prog func(e *sim.Env)
		says string
	}{
		"unlock":        {func(e *sim.Env) { e.NewMutex("mu").Unlock() }, "unlock of unlocked mutex h/mu"},
		"rw unlock":     {func(e *sim.Env) { e.NewRWMutex("mu").Unlock() }, "unlock of RWMutex not locked for writing h/mu"},
		"runlock":       {func(e *sim.Env) { e.NewRWMutex("mu").RUnlock() }, "runlock of RWMutex without readers h/mu"},
		"group done":    {func(e *sim.Env) { e.NewWaitGroup("g").Done() }, "negative WaitGroup count, h/g"},
		"release":       {func(e *sim.Env) { e.NewSemaphore("s", 1).Release() }, "release of a permit that was not taken, semaphore h/s"},
		"close twice":   {func(e *sim.Env) { c := sim.NewChan[int](e, "c", 0); c.Close(); c.Close() }, "close of closed channel h/c"},
		"send closed":   {func(e *sim.Env) { c := sim.NewChan[int](e, "c", 1); c.Close(); c.Send(1) }, "send on closed channel h/c"},
		"select closed": {func(e *sim.Env) { c := sim.NewChan[int](e, "c", 1); c.Close(); e.Select(sim.OnSend(c, 1)) }, "send on closed channel h/c"},
		"group reused": {func(e *sim.Env) {
			g := e.NewWaitGroup("g")
			g.Add(1)
			e.Go("wait", g.Wait)
			e.Go("wait", g.Wait)
			e.Sleep(1)
			g.Done()
			g.Add(1)
			g.Add(-2)
		}, "negative WaitGroup count"},
		"closed under a sender": {func(e *sim.Env) {
			c := sim.NewChan[int](e, "c", 0)
			e.Go("close", c.Close)
			c.Send(1)
		}, "send on closed channel h/c"},
		"closed under a select": {func(e *sim.Env) {
			c := sim.NewChan[int](e, "c", 0)
			e.Go("close", c.Close)
			e.Select(sim.OnSend(c, 1), e.After(time.Second))
		}, "send on closed channel h/c"},
		"waiting callback": {func(e *sim.Env) {
			mu := e.NewMutex("mu")
			mu.Lock()
			e.AfterFunc(1, "cb", mu.Lock)
			e.Sleep(2)
		}, "lock in a timer callback, which cannot wait"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Contains(t, panicOf(t, c.prog), c.says) })
	}
}

func TestAtomicIsAChoicePoint(t *testing.T) {
	finals := map[int]bool{}
	for seed := range uint64(100) {
		out := world(random(seed), func(e *sim.Env) {
			a := sim.NewAtomic(e, "a", 0)
			g := e.NewWaitGroup("g")
			for range 2 {
				g.Go("inc", func() { a.Store(a.Load() + 1) }) // the classic lost update
			}
			g.Wait()
			finals[a.Load()] = true
			e.Assert(!a.CompareAndSwap(7, 8) && a.CompareAndSwap(a.Load(), 9) && a.Swap(1) == 9, "compare and swap")
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
	}
	require.Equal(t, map[int]bool{1: true, 2: true}, finals)
}
